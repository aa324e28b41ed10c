/** Whether the port can be had, said before anything else is started. */
import { createServer } from 'node:net'
import { PlainError } from './plain-error.ts'
import { loopbackUrl } from './settings/origins.ts'

const PROBE_TIMEOUT_MS = 1_000

export interface Address {
  readonly host: string
  readonly port: number
  /** Settings that a person would change, when they are not PARLEY_HOST and PARLEY_PORT. */
  readonly hostSetting?: string
  readonly portSetting?: string
}

/** Throws `PlainError` that says why not and what to do. */
export async function checkPort(address: Address): Promise<void> {
  const server = createServer()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.on('error', reject).listen(address.port, address.host, resolve)
  try {
    await promise
  } catch (error) {
    throw await explainListenError(error, address)
  }
  const closed = Promise.withResolvers<void>()
  server.close(() => closed.resolve())
  await closed.promise
}

/** The sentence for a failed `listen`; another error is returned as it is. */
export async function explainListenError(error: unknown, address: Address): Promise<unknown> {
  const { host, port, hostSetting = 'PARLEY_HOST', portSetting = 'PARLEY_PORT' } = address
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new PlainError(
        (await isParley(address))
          ? `Parley is already running at ${loopbackUrl(address)}: use that one, or start this one on another port with ${portSetting}.`
          : `Port ${port} on ${host} is in use by another program: choose another port with ${portSetting} (for example ${portSetting}=${port + 1}).`,
      )
    case 'EACCES':
    case 'EPERM':
      return new PlainError(
        `This user may not listen on port ${port}: ports below 1024 are reserved; choose a higher one with ${portSetting}.`,
      )
    case 'EADDRNOTAVAIL':
      return new PlainError(
        `This machine has no address ${host}: set ${hostSetting} to one of its own, to 127.0.0.1, or to 0.0.0.0 for all of them.`,
      )
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new PlainError(
        `The host name ${host} in ${hostSetting} is not known: use an address such as 127.0.0.1.`,
      )
    default:
      return error
  }
}

/** Whether it is a Parley that answers there. */
export async function isParley(address: Address): Promise<boolean> {
  try {
    const response = await fetch(`${loopbackUrl(address)}/api/openapi.json`, {
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    })
    const { info } = (await response.json()) as { info?: { title?: unknown } }
    return typeof info?.title === 'string' && info.title.includes('Parley')
  } catch {
    return false
  }
}
