/** A table of processes that keeps itself up to date on a terminal; elsewhere it is printed once, and then only news. */
import type { ClusterProcess } from './topology/cluster/start-cluster.ts'

const REFRESH_MS = 1_000

export interface ProcessTable {
  /** A line that stays. */
  say(line: string): void
  refresh(): void
  /** From now on the table is shown. */
  start(): void
  stop(): void
}

export function createProcessTable(output: NodeJS.WriteStream, read: () => ClusterProcess[]): ProcessTable {
  const isLive = output.isTTY === true
  let timer: NodeJS.Timeout | undefined
  let shownLines = 0

  /** Up to where the table began, and nothing below. */
  function wipe(): void {
    if (shownLines > 0) output.write(`\u001b[${shownLines}A\u001b[J`)
    shownLines = 0
  }

  function show(): void {
    const lines = renderTable(read(), Date.now())
    wipe()
    output.write(`${lines.join('\n')}\n`)
    shownLines = lines.length
  }

  return {
    say(line) {
      if (timer === undefined) return void output.write(`${line}\n`)
      wipe()
      output.write(`${line}\n`)
      show()
    },
    refresh() {
      if (timer !== undefined) show()
    },
    start() {
      if (!isLive) return void output.write(`${renderTable(read(), Date.now()).join('\n')}\n`)
      timer = setInterval(show, REFRESH_MS)
      show()
    },
    stop() {
      clearInterval(timer)
      timer = undefined
      shownLines = 0
    },
  }
}

const HEADINGS = ['process', 'pid', 'state', 'listens on', 'for', 'restarts']

export function renderTable(processes: readonly ClusterProcess[], now: number): string[] {
  const rows = processes.map(({ name, pid, state, at, startedAt, restarts }) => [
    name,
    pid === undefined ? '–' : `${pid}`,
    state,
    at,
    startedAt === 0 ? '' : spell(now - startedAt),
    restarts === 0 ? '' : `${restarts}`,
  ])
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  return [HEADINGS, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** `42 s`, `7 min`, `3 h`. */
function spell(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  return `${Math.floor(seconds / 3_600)} h`
}
