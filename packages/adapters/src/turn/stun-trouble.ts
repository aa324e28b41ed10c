/**
 * Why a STUN or TURN server did not do what it was asked.
 * `name`: its host is unknown. `closed`: nobody listens there. `unreachable`: no way to it. `silent`: no answer in time.
 * `certificate`, `tls`: its certificate is not believed; there is no encryption. `cut`: it ended the connection.
 * `strange`: what answers is no STUN server. `refused`: it said no, with `code`.
 */
export type TroubleKind =
  | 'name'
  | 'closed'
  | 'unreachable'
  | 'silent'
  | 'certificate'
  | 'tls'
  | 'cut'
  | 'strange'
  | 'refused'

export class StunTrouble extends Error {
  readonly kind: TroubleKind
  /** Of STUN, where it refused. */
  readonly code: number | undefined

  constructor(kind: TroubleKind, message: string, code?: number) {
    super(message)
    this.name = 'StunTrouble'
    this.kind = kind
    this.code = code
  }
}

const CERTIFICATE = /CERT|ISSUER|SIGNATURE|ALTNAME/
const KINDS: Readonly<Record<string, TroubleKind>> = {
  ENOTFOUND: 'name',
  EAI_AGAIN: 'name',
  ECONNREFUSED: 'closed',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EACCES: 'unreachable',
  ETIMEDOUT: 'silent',
  ECONNRESET: 'cut',
  EPIPE: 'cut',
}

/** What an error of a socket means. */
export function troubleOf(error: Error): StunTrouble {
  if (error instanceof StunTrouble) return error
  // Where a name has several addresses, one error for each; they seldom differ in what is to be done.
  const [first] = error instanceof AggregateError ? (error.errors as Error[]) : [error]
  const { code = '', message } = (first ?? error) as NodeJS.ErrnoException
  const kind =
    KINDS[code] ?? (CERTIFICATE.test(code) ? 'certificate' : /^(ERR_)?(SSL|TLS)/.test(code) ? 'tls' : 'cut')
  return new StunTrouble(kind, message === '' ? code : message)
}
