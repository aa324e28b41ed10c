/** A real SMTP server on a port of its own that keeps what it is given, for tests. */
import type { AddressInfo } from 'node:net'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server'

export interface ReceivedMail extends Email {
  /** Of the envelope. */
  readonly recipients: readonly string[]
  readonly encrypted: boolean
  readonly user: string | undefined
  /** The bytes as they came. */
  readonly raw: string
  header(name: string): string | undefined
  /** The token in the first link with this path, after its `#`. */
  token(path: string): string
}

export interface MailServerOptions {
  /** Demanded of everybody, when given. */
  readonly user?: string
  readonly password?: string
  /** PEM; without it there is no encryption. */
  readonly key?: string
  readonly cert?: string
  /** `always`: from the first byte. `offered`: by STARTTLS. */
  readonly tls?: 'none' | 'offered' | 'always'
  readonly port?: number
  /** The code and words that it refuses with, for recipients, senders and whole letters; undefined takes them. */
  readonly refuseRecipient?: (address: string) => number | undefined
  readonly refuseSender?: (address: string) => number | undefined
}

export interface MailServer {
  readonly port: number
  readonly received: readonly ReceivedMail[]
  /** From now on senders are told to come again later, until `release`. */
  hold(): void
  release(): void
  /** Resolves when as many senders were told so. */
  untilHeld(count: number, withinMs?: number): Promise<void>
  /** The nth letter to this address, the first by default, once it is there. */
  mailTo(address: string, nth?: number, withinMs?: number): Promise<ReceivedMail>
  /** The first letter to this address that is one of these. */
  mailWhere(address: string, is: (mail: ReceivedMail) => boolean, withinMs?: number): Promise<ReceivedMail>
  /** Stops listening and cuts all connections. */
  stop(): Promise<void>
}

export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const { user, password, key, cert, tls = key === undefined ? 'none' : 'offered' } = options
  const received: ReceivedMail[] = []
  const watchers = new Set<() => void>()
  let isHeld = false
  let heldCount = 0
  const tellWatchers = () => {
    for (const watch of watchers) watch()
  }
  const server = new SMTPServer({
    secure: tls === 'always',
    disabledCommands: tls === 'none' ? ['STARTTLS'] : [],
    ...(key === undefined || cert === undefined ? {} : { key, cert }),
    authOptional: user === undefined,
    allowInsecureAuth: tls === 'none',
    disableReverseLookup: true,
    onAuth(given, _session, callback) {
      if (given.username === user && given.password === password) callback(null, { user })
      else callback(new Error('wrong user name or password'))
    },
    onMailFrom({ address }, _session, callback) {
      callback(refusal(isHeld ? 451 : options.refuseSender?.(address)))
      if (isHeld) heldCount++
      tellWatchers()
    },
    onRcptTo: ({ address }, _session, callback) => callback(refusal(options.refuseRecipient?.(address))),
    onData(stream, session, callback) {
      void readAll(stream).then(async (raw) => {
        const mail = await PostalMime.parse(raw)
        received.push({
          ...mail,
          raw,
          recipients: session.envelope.rcptTo.map(({ address }) => address),
          encrypted: session.secure,
          user: session.user as string | undefined,
          header: (name) => mail.headers.find((header) => header.key === name.toLowerCase())?.value,
          token: (path) => new RegExp(`${path}#([\\w-]+)`).exec(mail.text ?? '')?.[1] ?? 'no such link',
        })
        callback()
        tellWatchers()
      }, callback)
    },
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', () => resolve()))
  const { port } = server.server.address() as AddressInfo

  /** Looks at every event until there is something. */
  function watch<Found>(
    find: () => Found | undefined,
    withinMs: number,
    complain: () => string,
  ): Promise<Found> {
    return new Promise((resolve, reject) => {
      const end = (work: () => void) => {
        clearTimeout(timer)
        watchers.delete(look)
        work()
      }
      const look = () => {
        const found = find()
        if (found !== undefined) end(() => resolve(found))
      }
      const timer = setTimeout(
        () => end(() => reject(new Error(`${complain()} within ${withinMs} ms`))),
        withinMs,
      )
      watchers.add(look)
      look()
    })
  }

  return {
    port,
    received,
    hold() {
      isHeld = true
    },
    release() {
      isHeld = false
    },
    async untilHeld(count, withinMs = 20_000) {
      await watch(
        () => heldCount >= count || undefined,
        withinMs,
        () => `${heldCount} of ${count} were held`,
      )
    },
    mailTo: (address, nth = 1, withinMs = 20_000) =>
      watch(
        () => received.filter((mail) => mail.recipients.includes(address))[nth - 1],
        withinMs,
        () => {
          const got = received.map((mail) => `${mail.recipients.join()}: ${mail.subject}`)
          return `no letter ${nth} to ${address}; got ${got.join('; ')}`
        },
      ),
    mailWhere: (address, is, withinMs = 20_000) =>
      watch(
        () => received.find((mail) => mail.recipients.includes(address) && is(mail)),
        withinMs,
        () => `no such letter to ${address}`,
      ),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function refusal(code: number | undefined): Error | null {
  return code === undefined ? null : Object.assign(new Error('refused by the test'), { responseCode: code })
}

async function readAll(stream: SMTPServerDataStream): Promise<string> {
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) text += chunk
  return text
}
