/**
 * A private OpenStack Swift with its S3 door: a server of the S3 protocol that people run, in Debian's packages. It
 * checks signatures and the sums of what it is sent, keeps parts apart until they are joined, and lists what was not.
 */
import type { ChildProcess } from 'node:child_process'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findProgram } from '@parley/adapters/engines/find-program'
import { freePort } from '@parley/adapters/engines/free-port'
import { launchTied } from '@parley/adapters/engines/launch'
import type { S3Bucket } from '@parley/adapters/files/s3/s3-client'

const run = promisify(execFile)
const START_MAX_MS = 60_000
const POLL_MS = 100
const PORT_ATTEMPTS = 5
/** What Swift is made of; each is a process. */
const STORES = ['account', 'container', 'object'] as const
const ACCESS_KEY = 'parley:files'
const SECRET = 'a+secret/with=marks'

export interface SwiftServer {
  /** Of a bucket that must be made first. */
  bucket(name: string): S3Bucket
  stop(): Promise<void>
}

export async function startSwift(): Promise<SwiftServer> {
  for (let attempt = 1; ; attempt++) {
    const directory = await mkdtemp(join(tmpdir(), 'parley-swift-'))
    try {
      return await startIn(directory)
    } catch (error) {
      await rm(directory, { recursive: true, force: true })
      // Somebody may take a port between our finding it and the server's.
      if (attempt === PORT_ATTEMPTS || !String(error).includes('ended')) throw error
    }
  }
}

async function startIn(directory: string): Promise<SwiftServer> {
  await mkdir(join(directory, 'devices', 'disk'), { recursive: true })
  const ports = {
    proxy: await freePort(),
    account: await freePort(),
    container: await freePort(),
    object: await freePort(),
  }
  await writeFile(join(directory, 'proxy-server.conf'), proxyConfiguration(directory, ports.proxy))
  for (const store of STORES) {
    await writeFile(
      join(directory, `${store}-server.conf`),
      storeConfiguration(directory, store, ports[store]),
    )
  }
  await makeRings(directory, ports)
  const children: ChildProcess[] = []
  const ended = Promise.withResolvers<never>()
  ended.promise.catch(() => undefined)
  const stop = async () => {
    const closed = children.map(
      (child) =>
        new Promise<void>((resolve) => {
          if (child.exitCode !== null || child.signalCode !== null) resolve()
          else child.once('close', () => resolve())
        }),
    )
    for (const child of children) child.kill('SIGKILL')
    await Promise.all(closed)
    await rm(directory, { recursive: true, force: true })
  }
  try {
    for (const name of [...STORES, 'proxy']) {
      const child = await launchTied({
        command: findProgram([`swift-${name}-server`], 'Swift'),
        args: [join(directory, `${name}-server.conf`), '-v'],
        cwd: directory,
        signal: 'KILL',
      })
      children.push(child)
      const lines: string[] = []
      for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding('utf8').on('data', (text: string) => lines.push(text))
      child.once('close', () =>
        ended.reject(new Error(`swift-${name}-server ended: ${lines.join('').slice(-500)}`)),
      )
    }
    for (const port of Object.values(ports)) await Promise.race([ended.promise, untilAnswered(port)])
  } catch (error) {
    await stop()
    throw error
  }
  return {
    bucket: (name) => ({
      origin: `http://127.0.0.1:${ports.proxy}`,
      bucket: name,
      prefix: '',
      region: 'us-east-1',
      accessKeyId: ACCESS_KEY,
      secretAccessKey: SECRET,
    }),
    stop,
  }
}

async function untilAnswered(port: number): Promise<void> {
  for (const end = Date.now() + START_MAX_MS; ; ) {
    try {
      await (await fetch(`http://127.0.0.1:${port}/`)).arrayBuffer()
      return
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }
}

/** What `swift-ring-builder` does in three processes for each store, in one for all of them. */
const MAKE_RINGS = `
import sys
from swift.common.ring import RingBuilder
for store, port in zip(sys.argv[1::2], sys.argv[2::2]):
    builder = RingBuilder(1, 1, 0)
    builder.add_dev({'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': int(port), 'device': 'disk', 'weight': 1})
    builder.rebalance()
    builder.get_ring().save(store + '.ring.gz')
`
/** Debian's own, which knows Swift. */
const PYTHON = '/usr/bin/python3'

async function makeRings(directory: string, ports: Readonly<Record<string, number>>): Promise<void> {
  const places = STORES.flatMap((store) => [store, String(ports[store])])
  await run(PYTHON, ['-c', MAKE_RINGS, ...places], { cwd: directory })
}

function common(directory: string, port: number): string {
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
swift_dir = ${directory}
workers = 0
user =
log_level = WARNING
`
}

function storeConfiguration(directory: string, store: string, port: number): string {
  return `${common(directory, port)}devices = ${join(directory, 'devices')}
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
[pipeline:main]
pipeline = ${store}-server
[app:${store}-server]
use = egg:swift#${store}
`
}

/** No memcached: it is only a cache, and nothing listens on port 1. */
function proxyConfiguration(directory: string, port: number): string {
  return `${common(directory, port)}
[pipeline:main]
pipeline = cache s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_${ACCESS_KEY.replace(':', '_')} = ${SECRET} .admin
[filter:slo]
use = egg:swift#slo
`
}
