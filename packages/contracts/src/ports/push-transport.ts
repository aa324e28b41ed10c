/**
 * The way out to a push service, to an address that a client gave.
 *
 * Order: none. Loss: any time; what did not get an answer may have arrived. Nothing is repeated here. Throws an
 * `Error` where there is no answer: the address is not one that may be reached (`mayReach`, and again once its name is
 * resolved), or nobody answered within seconds. Never follows a redirect. Cost: one request.
 */
export interface PushTransport {
  /** Whether this address may be sent to at all, as far as it says by itself; its name may still lead where none is. */
  mayReach(endpoint: string): boolean
  post(endpoint: string, request: PushRequest): Promise<PushAnswer>
}

export interface PushRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface PushAnswer {
  readonly status: number
  /** It asks to be left alone for so long. */
  readonly retryAfterMs?: number
}
