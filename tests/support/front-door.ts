/** A real nginx with the shipped configuration, on a free port, in front of whatever a test gives it. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { type Agent, createServer, type IncomingHttpHeaders, type RequestListener, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type NginxOptions, type RunningNginx, startNginx } from '@parley/adapters/engines/start-nginx'
import { silentLog } from '@parley/contracts'
import { freePort } from './test-server.ts'

export interface FrontDoor extends RunningNginx {
  readonly directory: string
}

/** Its directory goes with `stop`. */
export async function startFrontDoor(
  options: Pick<NginxOptions, 'http' | 'ws'> & Partial<NginxOptions>,
): Promise<FrontDoor> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-nginx-'))
  const removeDirectory = () => rm(directory, { recursive: true, force: true, maxRetries: 5 })
  try {
    const nginx = await startNginx({
      directory: join(directory, 'run'),
      host: '127.0.0.1',
      port: await freePort(),
      log: silentLog,
      ...options,
    })
    return {
      ...nginx,
      directory,
      async stop() {
        await nginx.stop()
        await removeDirectory()
      },
    }
  } catch (error) {
    await removeDirectory()
    throw error
  }
}

/** Files of a certificate for `localhost` that signs itself. */
export async function makeCertificate(directory: string): Promise<{ certificate: string; key: string }> {
  const [certificate, key] = [join(directory, 'certificate.pem'), join(directory, 'key.pem')]
  const args = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost'
  await promisify(execFile)('openssl', [...args.split(' '), '-keyout', key, '-out', certificate])
  return { certificate, key }
}

/** A server of the test's own, where the real program cannot be made to misbehave. */
export async function startUpstream(
  listener: RequestListener,
): Promise<{ address: string; close(): Promise<void> }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    address: `127.0.0.1:${port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly agent?: Agent
  /** Own address of the connection; all of 127.0.0.0/8 is this machine. */
  readonly from?: string
}

/** As it stands on the wire: nothing decoded, nothing followed, nothing added. Rejects when the answer is cut off. */
export function ask(url: string, asking: Asking = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const { method = 'GET', headers = {}, agent, from, body } = asking
  const outgoing = request(
    url,
    {
      method,
      headers,
      ...(agent === undefined ? {} : { agent }),
      ...(from === undefined ? {} : { localAddress: from }),
    },
    (incoming) => {
      let text = ''
      incoming.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk
      })
      incoming.on('error', reject)
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text }),
      )
    },
  )
  outgoing.on('error', reject)
  outgoing.end(body)
  return promise
}
