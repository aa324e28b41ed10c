/** One session with Janus: what is asked of its handles, and what it is told, by one long poll after the other. */
import { type Clock, MediaSeatGone, MediaServerAway } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { ANSWER_MAX_MS, badDescription, type JanusClient } from './janus-client.ts'
import type { JanusMessage, RoomData } from './wire.ts'

const PLUGIN = 'janus.plugin.videoroom'
const LISTEN_AGAIN_MS = 500
/** As `session_timeout` in `deploy/janus`: for so long Janus remembers whom it does not hear of. */
const FORGOTTEN_MS = 60_000

const NO_SUCH_ROOM = 426
const NO_SUCH_FEED = 428
const ROOM_FULL = 432
const GONE = new Set([424, 435, NO_SUCH_ROOM])
const BAD_DESCRIPTION = new Set([431, 437])

export type Jsep = { readonly type: 'offer' | 'answer'; readonly sdp: string } & Readonly<
  Record<string, unknown>
>

export interface RoomAnswer {
  readonly data: RoomData
  readonly sdp: string | undefined
}

export interface JanusSession {
  readonly id: number
  /** A new handle of the VideoRoom plug-in. */
  attach(): Promise<number>
  /** Waits for the event that answers it, where Janus answers later. Throws as the port says. */
  say(handle: number, body: Readonly<Record<string, unknown>>, jsep?: Jsep): Promise<RoomAnswer>
  trickle(handle: number, candidates: readonly unknown[]): Promise<void>
  /** No more polls; the session lives on for a minute. */
  release(): void
  /** Never throws. */
  destroy(): Promise<void>
}

export interface SessionListener {
  /** What nobody waits for. */
  onMessage(message: JanusMessage): void
  /** Messages may have been lost. */
  onMissed(): void
  /** A poll broke off. */
  onDoubt(): void
  onGone(): void
}

export async function openSession(
  client: JanusClient,
  clock: Clock,
  listener: SessionListener,
): Promise<JanusSession> {
  const { data } = await client.ask('', { janus: 'create' })
  if (data === undefined) throw new MediaServerAway('made a session without a number', true)
  return resumeSession(client, clock, data.id, listener)
}

export function resumeSession(
  client: JanusClient,
  clock: Clock,
  id: number,
  listener: SessionListener,
): JanusSession {
  const waiting = new Map<string, (answer: JanusMessage | Error) => void>()
  const stop = new AbortController()

  function end(): void {
    stop.abort()
    for (const settle of waiting.values()) settle(new MediaSeatGone())
    waiting.clear()
  }

  function take(message: JanusMessage): void {
    const settle = waiting.get(message.transaction ?? '')
    if (settle !== undefined && message.janus === 'event') settle(message)
    listener.onMessage(message)
  }

  async function listen(): Promise<void> {
    let heardAt = clock.now()
    let lost = false
    while (!stop.signal.aborted) {
      try {
        if (lost) {
          // A poll alone says nothing for half a minute.
          await client.ask(`/${id}`, { janus: 'keepalive' })
          lost = false
          heardAt = clock.now()
          if (!stop.signal.aborted) listener.onMissed()
        }
        const messages = await client.poll(id, stop.signal)
        heardAt = clock.now()
        for (const message of messages) if (!stop.signal.aborted) take(message)
      } catch (error) {
        if (stop.signal.aborted) return
        if (error instanceof MediaSeatGone || clock.now() - heardAt > FORGOTTEN_MS) {
          end()
          return listener.onGone()
        }
        if (!lost) listener.onDoubt()
        lost = true
        await new Promise<void>((resolve) => clock.after(LISTEN_AGAIN_MS, resolve))
      }
    }
  }
  void listen()

  /** What Janus answers later comes by the poll. */
  function awaitEvent(transaction: string): { event: Promise<JanusMessage>; forget: () => void } {
    const { promise, resolve, reject } = Promise.withResolvers<JanusMessage>()
    promise.catch(() => {})
    const cancel = clock.after(ANSWER_MAX_MS, () =>
      reject(new MediaServerAway(`no event within ${ANSWER_MAX_MS} ms`, false)),
    )
    waiting.set(transaction, (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)))
    const forget = (): void => {
      cancel()
      waiting.delete(transaction)
    }
    return { event: promise, forget }
  }

  return {
    id,
    async attach() {
      const { data } = await client.ask(`/${id}`, { janus: 'attach', plugin: PLUGIN })
      if (data === undefined) throw new MediaServerAway('made a handle without a number', true)
      return data.id
    },
    async say(handle, body, jsep) {
      if (stop.signal.aborted) throw new MediaSeatGone()
      const transaction = crypto.randomUUID()
      const { event, forget } = awaitEvent(transaction)
      try {
        const message = { janus: 'message', transaction, body, ...(jsep === undefined ? {} : { jsep }) }
        const answer = await client.ask(`/${id}/${handle}`, message)
        return judge(answer.janus === 'ack' ? await event : answer)
      } finally {
        forget()
      }
    },
    async trickle(handle, candidates) {
      await client.ask(`/${id}/${handle}`, { janus: 'trickle', candidates })
    },
    release: end,
    async destroy() {
      end()
      await client.ask(`/${id}`, { janus: 'destroy' }).catch(() => {})
    },
  }
}

/** Throws what the plug-in complains of. */
function judge({ plugindata, jsep }: JanusMessage): RoomAnswer {
  const data = plugindata?.data
  if (data === undefined) throw new MediaServerAway('answered without the plug-in', true)
  const { error_code: code, error = '' } = data
  if (code === undefined) return { data, sdp: jsep?.sdp }
  if (GONE.has(code)) throw new MediaSeatGone()
  if (BAD_DESCRIPTION.has(code)) throw badDescription(error)
  if (code === ROOM_FULL) throw new ParleyError('conflict', { message: 'This call is full.' })
  if (code === NO_SUCH_FEED) throw new FeedGone()
  throw new MediaServerAway(`the VideoRoom refused with ${code}: ${error}`, true)
}

/** Whom it was about has left meanwhile. */
export class FeedGone extends Error {}
