/** Writes down what really travelled between a client and the server, whatever the client makes of it. */
import type { ClientFrame, ServerFrame } from '@parley/protocol'
import type { CreateParleyOptions } from '@parley/sdk'
import type { Acknowledgement } from '../support/audit.ts'

type WireOptions = Required<Pick<CreateParleyOptions, 'WebSocket' | 'fetch'>>

export class Ledger {
  /** Messages that the server acknowledged, by room. */
  readonly acknowledged = new Map<string, Acknowledgement[]>()
  /** Codes of the errors that answered requests. */
  readonly errors: string[] = []
  /** Messages that were sent again with the `client_id` they had. */
  repeats = 0
  /** Entries that came again or out of order on one connection. */
  disorders = 0
  /** Connections that came as far as `ready`. */
  connections = 0
  readonly #sent = new Set<string>()

  noteSend({ client_id }: ClientFrame<'send'>): void {
    if (this.#sent.has(client_id)) this.repeats++
    this.#sent.add(client_id)
  }

  noteAcknowledgement(room: string, acknowledgement: Acknowledgement): void {
    const known = this.acknowledged.get(room)
    if (known === undefined) this.acknowledged.set(room, [acknowledgement])
    else known.push(acknowledgement)
  }
}

/** Give these to `createParley`: they are the platform's own, and write into the ledger. */
export function observe(ledger: Ledger): WireOptions {
  class ObservedSocket extends WebSocket {
    readonly #wire = new Wire(ledger)

    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols)
      this.addEventListener('message', ({ data }) => this.#wire.hear(JSON.parse(String(data))))
    }

    override send(data: string): void {
      this.#wire.say(JSON.parse(data))
      super.send(data)
    }
  }

  /** On the stand-by link each request is a POST of one frame, its answer the body. */
  async function observedFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const response = fetch(input, init)
    const isFrame = init?.method === 'POST' && String(input).includes('/api/v1/stream/')
    if (!isFrame || typeof init.body !== 'string') return response
    const wire = new Wire(ledger)
    wire.say(JSON.parse(init.body))
    const answer = await response
    if (answer.status === 200) wire.hear((await answer.clone().json()) as ServerFrame)
    return answer
  }
  return { WebSocket: ObservedSocket, fetch: observedFetch }
}

/** One connection's frames. */
class Wire {
  readonly #ledger: Ledger
  readonly #sends = new Map<number, ClientFrame<'send'>>()
  readonly #seqs = new Map<string, number>()

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  say(frame: ClientFrame): void {
    if (frame.t !== 'send') return
    this.#sends.set(frame.id, frame)
    this.#ledger.noteSend(frame)
  }

  hear(frame: ServerFrame): void {
    if (frame.t === 'ready') this.#ledger.connections++
    else if (frame.t === 'entry') {
      if (frame.seq <= (this.#seqs.get(frame.room) ?? 0)) this.#ledger.disorders++
      this.#seqs.set(frame.room, frame.seq)
    } else if (frame.t === 'error') this.#ledger.errors.push(frame.code)
    else if (frame.t === 'ok') {
      const send = this.#sends.get(frame.id)
      if (send === undefined) return
      const { seq } = frame as unknown as { seq: number }
      this.#ledger.noteAcknowledgement(send.room, { client_id: send.client_id, seq })
    }
  }
}
