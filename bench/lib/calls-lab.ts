import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pidOf } from './servers.ts'

/**
 * A network of this benchmark's own, in which its links may be cut and narrowed. Who calls this must be in a network
 * namespace that nobody else uses (`unshare --net`). Servers are in it; every host is a namespace below it, with two
 * links, as a laptop has a cable and a radio: `lan`, which is up, and `air`, which is not. Nothing of it is left when
 * the processes have ended.
 */

/** Where servers are reached, from either network. */
export const SERVER_ADDRESS = '10.76.0.1'
/** Of everybody in the lab. */
export const LAB_NETWORK = '10.76.0.0-10.78.255.255'

export type Link = 'lan' | 'air'

const NETWORKS: Record<Link, { prefix: string; metric: number }> = {
  lan: { prefix: '10.77.0', metric: 10 },
  air: { prefix: '10.78.0', metric: 20 },
}
/** Of a queue before a narrow link: a modest home router’s. More of it makes no difference here (tried: 0.2 s to 1 s). */
const QUEUE_MS = 500
const BURST_BYTES = 8_000

export interface Host {
  /** A program to run in place of `command`: the same, in this host. */
  wrap(command: string): Promise<string>
  /** As when a cable is plugged in or pulled: the host knows. */
  up(link: Link): Promise<void>
  down(link: Link): Promise<void>
  /** Nothing comes through any more, or again; the host is told nothing. */
  cut(link: Link): Promise<void>
  mend(link: Link): Promise<void>
  /** What the host sends over it; `undefined` for no limit. */
  limit(link: Link, kbits: number | undefined): Promise<void>
}

export interface Lab {
  host(): Promise<Host>
  /** Ends the hosts; processes in them are their starter's. */
  close(): Promise<void>
}

const run = promisify(execFile)
/** Ends with the first that fails, and tells it. */
const commands = (...lines: string[]) => run('sh', ['-ec', lines.join('\n')])

export async function openLab(): Promise<Lab> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-lab-'))
  await commands(
    'ip link set lo up',
    `ip addr add ${SERVER_ADDRESS}/32 dev lo`,
    'echo 1 > /proc/sys/net/ipv4/ip_forward',
    // As every provider does: what comes from one network with an address of the other one is dropped.
    'echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter',
    ...Object.entries(NETWORKS).flatMap(([link, { prefix }]) => [
      `ip link add ${link} type bridge`,
      `ip addr add ${prefix}.1/24 dev ${link}`,
      `ip link set ${link} up`,
    ]),
  )
  const holders: ChildProcess[] = []
  return {
    async host() {
      const holder = await holdNamespace()
      holders.push(holder)
      return connectHost(pidOf(holder), holders.length, directory)
    },
    async close() {
      for (const holder of holders) holder.kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** A process that does nothing but be in a namespace of its own, until we end. */
async function holdNamespace(): Promise<ChildProcess> {
  const holder = spawn('unshare', ['--net', 'sh', '-c', 'echo here; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await new Promise((resolve, reject) => {
    holder.stdout.once('data', resolve)
    holder.once('error', reject)
    holder.once('exit', (code) => reject(new Error(`a network namespace could not be made (${code})`)))
  })
  return holder
}

async function connectHost(pid: number, number: number, directory: string): Promise<Host> {
  const inside = `nsenter --net=/proc/${pid}/ns/net`
  const links = Object.entries(NETWORKS)
  await commands(
    // An address that comes a second late is a change of the network, too.
    `${inside} sh -c 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6'`,
    `${inside} ip link set lo up`,
    ...links.flatMap(([link, { prefix }]) => [
      `ip link add ${link}${number} type veth peer name ${link} netns ${pid}`,
      `ip link set ${link}${number} master ${link} up`,
      `${inside} ip addr add ${prefix}.${10 + number}/24 dev ${link}`,
    ]),
  )
  const up = async (link: Link) => {
    const { prefix, metric } = NETWORKS[link]
    await commands(
      `${inside} ip link set ${link} up`,
      `${inside} ip route replace default via ${prefix}.1 dev ${link} metric ${metric}`,
    )
  }
  await up('lan')
  return {
    async wrap(command) {
      const file = join(directory, `host-${number}`)
      await writeFile(file, `#!/bin/sh\nexec ${inside} ${command} "$@"\n`, { mode: 0o700 })
      return file
    },
    up,
    async down(link) {
      await commands(`${inside} ip link set ${link} down`)
    },
    async cut(link) {
      await commands(`ip link set ${link}${number} nomaster`)
    },
    async mend(link) {
      await commands(`ip link set ${link}${number} master ${link}`)
    },
    async limit(link, kbits) {
      await commands(
        kbits === undefined
          ? `${inside} tc qdisc del dev ${link} root`
          : `${inside} tc qdisc replace dev ${link} root tbf rate ${kbits}kbit burst ${BURST_BYTES} latency ${QUEUE_MS}ms`,
      )
    },
  }
}
