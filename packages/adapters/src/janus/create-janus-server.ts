/** The `MediaServer` port over Janus's HTTP API and its VideoRoom plug-in. */
import { type Clock, MediaSeatGone, type MediaServer, MediaServerAway } from '@parley/contracts'
import { createJanusClient, type JanusAddress } from './janus-client.ts'
import { creationOf, toJanusRoom } from './janus-room.ts'
import { openJanusSeat, resumeJanusSeat } from './janus-seat.ts'
import type { RoomData } from './wire.ts'

const CHECK_MAX_MS = 1_000
const NO_SUCH_ROOM = 426
const ROOM_EXISTS = 427

export interface JanusServerOptions extends JanusAddress {
  /** The same in every process. The address by default. */
  readonly name?: string
  readonly clock: Clock
}

export function createJanusServer({ clock, ...options }: JanusServerOptions): MediaServer {
  const client = createJanusClient(options, clock)
  /** For what is asked of nobody's seat; made again when Janus does not know it any more. */
  let desk: Promise<string> | undefined

  async function openDesk(withinMs: number | undefined): Promise<string> {
    const numberOf = async (path: string, body: Record<string, unknown>): Promise<number> => {
      const { data } = await client.ask(path, body, withinMs)
      if (data === undefined) throw new MediaServerAway('answered without a number', true)
      return data.id
    }
    const session = await numberOf('', { janus: 'create' })
    const handle = await numberOf(`/${session}`, { janus: 'attach', plugin: 'janus.plugin.videoroom' })
    return `/${session}/${handle}`
  }

  async function ask(body: Readonly<Record<string, unknown>>, withinMs?: number): Promise<RoomData> {
    for (let tries = 1; ; tries++) {
      desk ??= openDesk(withinMs)
      const mine = desk
      try {
        const { plugindata } = await client.ask(await mine, { janus: 'message', body }, withinMs)
        if (plugindata === undefined) throw new MediaServerAway('answered without the plug-in', true)
        return plugindata.data
      } catch (error) {
        if (desk === mine) desk = undefined
        if (!(error instanceof MediaSeatGone) || tries > 1) throw toAway(error)
      }
    }
  }

  return {
    name: options.name ?? options.url,
    async check() {
      const { list = [] } = await bound(clock, CHECK_MAX_MS, ask({ request: 'list' }, CHECK_MAX_MS))
      return { people: list.reduce((sum, room) => sum + room.num_participants, 0) }
    },
    async createRoom(room) {
      expect(await ask(creationOf(toJanusRoom(room))), ROOM_EXISTS)
    },
    async destroyRoom(room) {
      const { id, secret } = toJanusRoom(room)
      expect(await ask({ request: 'destroy', room: id, secret }), NO_SUCH_ROOM)
    },
    openSeat: (room, user, hear) => openJanusSeat({ client, clock, room: toJanusRoom(room), hear }, user),
    resumeSeat: (room, state, hear) =>
      resumeJanusSeat({ client, clock, room: toJanusRoom(room), hear }, state),
    close: () => client.close(),
  }
}

/** Throws what the plug-in complains of, unless it is this. */
function expect({ error_code: code, error = '' }: RoomData, harmless: number): void {
  if (code !== undefined && code !== harmless)
    throw new MediaServerAway(`the VideoRoom refused with ${code}: ${error}`, true)
}

/** It forgot the desk twice in a row. */
const toAway = (error: unknown): unknown =>
  error instanceof MediaSeatGone ? new MediaServerAway('forgets at once what it was asked', true) : error

function bound<Result>(clock: Clock, ms: number, promise: Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>()
  const cancel = clock.after(ms, () => late.reject(new MediaServerAway(`no answer within ${ms} ms`, false)))
  return Promise.race([promise, late.promise]).finally(cancel)
}
