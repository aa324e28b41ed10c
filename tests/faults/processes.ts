/** Freezing and killing what runs. Linux only, like the embedded PostgreSQL's tests that look into /proc. */
import { readdir, readFile } from 'node:fs/promises'

/** A process and everything it has started, itself first. */
export async function familyOf(pid: number): Promise<number[]> {
  const children = new Map<number, number[]>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    // One that ends while we look has no children.
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => undefined)
    // The name of a program, in parentheses, may hold anything.
    const parent = Number(stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0)
    children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const family = [pid]
  for (const one of family) family.push(...(children.get(one) ?? []))
  return family
}

/** Stops the processes where they are; they go on when the returned function is called. */
export function freeze(pids: readonly number[]): () => void {
  const tell = (signal: NodeJS.Signals): void => {
    for (const pid of pids) {
      try {
        process.kill(pid, signal)
      } catch {
        // It ended meanwhile.
      }
    }
  }
  tell('SIGSTOP')
  return () => tell('SIGCONT')
}

/** Resident memory, bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}
