/**
 * The moment between two steps of opening a connection, which from outside is met by luck only: here the services
 * are played, so that it is met each time.
 */
import { createInProcessBus } from '@parley/adapters/embedded/in-process-bus'
import { type RoomEvent, roomTopic, silentLog, systemClock } from '@parley/contracts'
import { Connection } from '@parley/gateways/ws/connection'
import { createFlusher } from '@parley/gateways/ws/flusher'
import type { GatewayParts } from '@parley/gateways/ws/gateway-parts'
import { Hub } from '@parley/gateways/ws/hub'
import { openConnection } from '@parley/gateways/ws/open-connection'
import type { Room, User } from '@parley/protocol'
import { expect, test } from 'vitest'

const mallory: User = { id: 'mallory', username: 'mallory', display_name: 'Mallory' }
const ROOM = 'room'

function entry(seq: number, body: string): RoomEvent {
  const frame = JSON.stringify({ t: 'entry', room: ROOM, seq, kind: 'message', from: 'owner', at: 1, body })
  return { type: 'entries', events: [{ seq, kind: 'message', frame }] }
}

test('who is removed between the list of rooms and the subscription receives nothing of the room', async () => {
  const bus = createInProcessBus()
  const flusher = createFlusher()
  const written: string[] = []
  let asked = 0
  const rooms = {
    // The removal was committed, and told, while the first answer was under way.
    listRoomIds: async () => ({ rooms: asked++ === 0 ? [ROOM] : [] }),
    async resume() {
      bus.publish(roomTopic(ROOM), JSON.stringify(entry(8, 'said while it opened')))
      await Promise.resolve()
      return { mode: 'snapshot' as const, cursor: 'e.1', rooms: [] as Room[], gone: [] }
    },
  }
  const hub = new Hub({
    bus,
    rooms,
    flusher,
    clock: systemClock,
    log: silentLog,
  } as unknown as ConstructorParameters<typeof Hub>[0])
  const parts = {
    hub,
    rooms,
    sessions: { openConnection: async () => ({}), closeConnection: async () => ({}) },
    auth: { getUsers: async () => ({ users: [mallory] }) },
    gateway: 'gateway',
    log: silentLog,
  } as unknown as GatewayParts
  const connection = new Connection({
    id: 'connection',
    flusher,
    now: 0,
    onClosed: () => {},
    link: {
      waitingBytes: 0,
      answersPing: true,
      write: (bursts) => void written.push(...bursts.flatMap((burst) => burst.frames)),
      close: () => {},
      terminate: () => {},
      ping: () => {},
    },
  })
  await openConnection(parts, connection, { user: mallory.id, device: 'd', expiresAtMs: 9e15 }, undefined)
  bus.publish(roomTopic(ROOM), JSON.stringify(entry(9, 'said afterwards')))
  await Promise.resolve()
  flusher.flushNow()
  expect(written.map((frame) => (JSON.parse(frame) as { t: string }).t)).toEqual(['ready'])
  hub.close()
  await bus.close()
})
