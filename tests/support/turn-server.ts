/** A real coturn with the shipped configuration on free ports of loopback; relayed packets leave from this machine's own address. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { findProgram } from '@parley/adapters/engines/find-program'
import { freePort } from '@parley/adapters/engines/free-port'
import { launchTied } from '@parley/adapters/engines/launch'

const SHIPPED = join(import.meta.dirname, '../../deploy/coturn/turnserver.conf')
const SECRET = 'test-secret-0a1b2c3d4e5f'
const START_MAX_MS = 20_000
const POLL_MS = 10
const PORT_ATTEMPTS = 5

export interface TurnServerOptions {
  /** Addresses and ranges that may be reached although the shipped file refuses them; this machine's own one by default. */
  readonly allowPeers?: readonly string[]
  /** Lines after those of the shipped file. */
  readonly lines?: readonly string[]
  /** Whether a line of the shipped file stays. */
  readonly keepLine?: (line: string) => boolean
}

export interface TurnServer {
  readonly urls: { readonly udp: string; readonly tcp: string; readonly tls: string }
  /** As `PARLEY_TURN_SECRET`. */
  readonly secret: string
  /** Where relayed packets come from. */
  readonly relayAddress: string
  /** File of the certificate for `localhost` and 127.0.0.1, which signs itself: Chromium wants `--ignore-certificate-errors`. */
  readonly certificate: string
  /** What it printed. */
  output(): string
  stop(): Promise<void>
}

/** An IPv4 address that is not loopback, where there is one. */
export function addressOfThisMachine(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1'
}

/** Resolves when it listens. It dies with this process, however that ends. */
export async function startTurnServer(options: TurnServerOptions = {}): Promise<TurnServer> {
  for (let attempt = 1; ; attempt++) {
    const directory = await mkdtemp(join(tmpdir(), 'parley-turn-'))
    try {
      return await startIn(directory, options)
    } catch (error) {
      await rm(directory, { recursive: true, force: true })
      // Somebody may take a port between our finding it and the server's.
      if (attempt === PORT_ATTEMPTS || !String(error).includes('Cannot bind')) throw error
    }
  }
}

async function startIn(directory: string, options: TurnServerOptions): Promise<TurnServer> {
  const [port, tlsPort] = [await freePort(), await freePort()]
  const relayAddress = addressOfThisMachine()
  const tls = await makeTurnCertificate(directory)
  const shipped = fillIn(await readFile(SHIPPED, 'utf8'), {
    TURN_SECRET: SECRET,
    TURN_HOST: 'localhost',
    TURN_CERTIFICATE: tls.certificate,
    TURN_KEY: tls.key,
  })
  const own = {
    'listening-ip': '127.0.0.1',
    'relay-ip': relayAddress,
    'listening-port': port,
    'tls-listening-port': tlsPort,
    userdb: join(directory, 'users'),
    pidfile: join(directory, 'pid'),
  }
  const lines = [
    ...shipped.split('\n').filter(options.keepLine ?? (() => true)),
    ...Object.entries(own).map(([name, value]) => `${name}=${value}`),
    ...(options.allowPeers ?? [relayAddress]).map((peer) => `allowed-peer-ip=${peer}`),
    // Where there is no other address, relays must meet on loopback; coturn takes that with a password for its console only.
    ...(relayAddress === '127.0.0.1' ? ['allow-loopback-peers', 'cli-password=unused'] : []),
    ...(options.lines ?? []),
  ]
  const file = join(directory, 'turnserver.conf')
  await writeFile(file, lines.join('\n'), { mode: 0o600 })
  const engine = await startEngine(directory, file)
  await Promise.all([untilListening(port), untilListening(tlsPort)])
  return {
    urls: {
      udp: `turn:127.0.0.1:${port}?transport=udp`,
      tcp: `turn:127.0.0.1:${port}?transport=tcp`,
      tls: `turns:localhost:${tlsPort}?transport=tcp`,
    },
    secret: SECRET,
    relayAddress,
    certificate: tls.certificate,
    output: engine.output,
    async stop() {
      await engine.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Its threads open their sockets by themselves, a moment before or after it says that it is there. */
async function untilListening(port: number): Promise<void> {
  for (const end = Date.now() + START_MAX_MS; ; await delay(POLL_MS)) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    if (Date.now() > end) throw new Error(`coturn does not listen on ${port}`)
  }
}

/** As `envsubst` does it. */
function fillIn(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(TURN_[A-Z]+)\}/g, (_, name: string) => {
    const value = variables[name]
    if (value === undefined) throw new Error(`turnserver.conf asks for ${name}`)
    return value
  })
}

async function startEngine(directory: string, file: string) {
  const child = await launchTied({
    command: findProgram(['turnserver'], 'coturn'),
    args: ['-c', file],
    cwd: directory,
    signal: 'KILL',
  })
  const said: string[] = []
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const stop = async () => {
    child.kill('SIGKILL')
    await closed
  }
  const ready = Promise.withResolvers<void>()
  const tail = () => said.slice(-5).join('\n')
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      said.push(line)
      // The last thing that it says of its start.
      if (line.includes('SQLite DB connection success')) ready.resolve()
    })
  }
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line)
      // It would try again for ever.
      if (line.includes('Cannot bind')) ready.reject(new Error(`coturn: ${tail()}`))
    })
  }
  child.once('error', (error) => ready.reject(error))
  child.once('close', () => ready.reject(new Error(`coturn ended: ${tail()}`)))
  const late = setTimeout(
    () => ready.reject(new Error(`coturn did not start within ${START_MAX_MS / 1_000} s: ${tail()}`)),
    START_MAX_MS,
  )
  try {
    await ready.promise
  } catch (error) {
    await stop()
    throw error
  } finally {
    clearTimeout(late)
  }
  return { output: () => said.join('\n'), stop }
}

async function makeTurnCertificate(directory: string): Promise<{ certificate: string; key: string }> {
  const [certificate, key] = [join(directory, 'certificate.pem'), join(directory, 'key.pem')]
  const args =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1'
  await promisify(execFile)('openssl', [...args.split(' '), '-keyout', key, '-out', certificate])
  return { certificate, key }
}
