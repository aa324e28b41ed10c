/** Publishing with confirmation: what `send` has resolved is on the disks of a majority, in a queue. */
import { type Log, systemClock } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { Channel, Envelope } from 'rabbitmq-client'
import { within } from '../within.ts'
import type { Line } from './open-line.ts'
import { createRefusals } from './tell-refusals.ts'
import type { Topology } from './topology.ts'

const SEND_WITHIN_MS = 1_900

export interface Message {
  readonly envelope: Envelope
  readonly body: string
}

export interface Sender {
  /** All of them or an error; some may have arrived even so. Throws `unavailable` within two seconds. */
  send(messages: readonly Message[]): Promise<void>
  close(): Promise<void>
}

export function createSender(line: Line, topology: Topology, log: Log): Sender {
  const refusals = createRefusals(log, 'work is not taken over')
  let opening: Promise<Channel> | undefined
  let current: Channel | undefined
  /** Messages that no queue took, told before their confirmation, by the number of their `send`. */
  const returned = new Set<string>()
  let sends = 0
  let closed = false

  async function open(): Promise<Channel> {
    const channel = await line.connection.acquire({ emitErrorsFromChannel: true })
    // What was under way fails by itself, but not always with RabbitMQ's reason.
    channel.on('error', refusals.noteFailure)
    channel.on('basic.return', (message) => returned.add(String(message.correlationId)))
    await topology.declare(channel)
    await channel.confirmSelect()
    return channel
  }

  /** The next `send` opens another channel and declares everything again. */
  function discard(): void {
    const old = opening
    opening = undefined
    current = undefined
    old?.then(
      (channel) => void channel.close(),
      () => undefined,
    )
  }

  async function sendOn(messages: readonly Message[], send: string): Promise<void> {
    if (current?.active === false) discard()
    opening ??= open()
    const channel = await opening
    current = channel
    await Promise.all(
      messages.map(({ envelope, body }) =>
        channel.basicPublish({ ...envelope, durable: true, mandatory: true, correlationId: send }, body),
      ),
    )
    // A returned message is told in a turn of its own, asked for before its confirmation came in.
    await new Promise(setImmediate)
    if (returned.delete(send)) throw new Error('no queue took the item')
  }

  return {
    async send(messages) {
      if (messages.length === 0) return
      // Known to be away: its coming back is not waited for. Blocked: what is written would stay in our memory.
      if (closed || line.away || (opening !== undefined && !line.connection.ready))
        throw unavailable(undefined)
      const send = String(++sends)
      try {
        await within(systemClock, SEND_WITHIN_MS, sendOn(messages, send))
        refusals.noteSuccess()
      } catch (error) {
        refusals.noteFailure(error)
        discard()
        throw unavailable(error)
      } finally {
        returned.delete(send)
      }
    },
    async close() {
      closed = true
      discard()
    },
  }
}

function unavailable(cause: unknown): ParleyError {
  return new ParleyError('unavailable', { message: 'RabbitMQ does not take the items.', cause })
}
