/** Calls over a real database and real rooms: what is stored, what the log says, who is told. */
import { migrate } from '@parley/adapters/postgres/migrate'
import { createIds, roomTopic, silentLog, systemClock, type UserEvent, userTopic } from '@parley/contracts'
import type { Entry } from '@parley/protocol'
import { type CallLineShape, RING_MS } from '@parley/protocol/calls'
import { appendLines } from '@parley/services/calls/append-lines'
import { GRACE_MS } from '@parley/services/calls/call-machine'
import { createCallsService, type RunningCallsService } from '@parley/services/calls/create-calls-service'
import type { CallsDependencies } from '@parley/services/calls/dependencies'
import { createMediaPlacement } from '@parley/services/calls/media/media-placement'
import { callsMigrations } from '@parley/services/calls/migrations'
import { SILENT_MS } from '@parley/services/calls/pass-time'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRoomsKit, type RoomsKit } from '../support/rooms-kit.ts'

let kit: RoomsKit
let calls: RunningCallsService
let dependencies: CallsDependencies
let aheadMs = 0
let secrets = 0

beforeAll(async () => {
  kit = await createRoomsKit()
  await migrate(kit.database, [callsMigrations], silentLog)
  dependencies = {
    database: kit.database,
    bus: kit.bus,
    rooms: kit.rooms,
    clock: { now: () => Date.now() + aheadMs, after: () => () => {} },
    newId: createIds(),
    newSecret: () => String(++secrets),
    placement: createMediaPlacement({ servers: [], clock: systemClock, log: silentLog }),
    iceServers: () => [],
    log: silentLog,
  }
  calls = createCallsService(dependencies)
})
afterAll(async () => {
  await calls.close()
  await kit.close()
})

const endpointOf = (user: string, which = 1): string => `${user}-${which}`

async function couple() {
  const [ann, bob] = [await kit.person(), await kit.person()]
  const usernames = await kit.database.query<{ username: string }>(
    'select username from rooms.users where id = $1',
    [bob],
  )
  const { room } = await kit.rooms.createRoom({
    user: ann,
    kind: 'direct',
    usernames: [usernames.rows[0]?.username ?? ''],
  })
  return { ann, bob, room: room.id }
}

async function hear(user: string): Promise<UserEvent[]> {
  const events: UserEvent[] = []
  await kit.bus.subscribe(userTopic(user), (message) => events.push(JSON.parse(message) as UserEvent))
  return events
}

const start = (user: string, room: string, which = 1) =>
  calls.startCall({ user, room, endpoint: endpointOf(user, which), media: 'video' })

/** What the log says of calls, once everything is written down. */
async function story(user: string, room: string): Promise<string[]> {
  while ((await appendLines(dependencies)) > 0);
  const lines = await linesOf(user, room)
  return lines.map(({ line, reason }) => (reason === undefined ? line : `${line} ${reason}`))
}

async function linesOf(user: string, room: string): Promise<CallLineShape[]> {
  const { rooms } = await kit.rooms.readLog({ user, rooms: [{ room, after: 0 }], limit: 200 })
  const [log] = rooms as { entries: Entry[] }[]
  return (log?.entries ?? []).flatMap(({ call }) => call ?? [])
}

async function later(ms: number): Promise<void> {
  aheadMs += ms
  await calls.passTime()
}

describe('between two', () => {
  it('one is rung, answers, is told of the other’s signals, and the log tells the whole story once', async () => {
    const { ann, bob, room } = await couple()
    const [heardBob, heardAnn] = [await hear(bob), await hear(ann)]
    const { call } = await start(ann, room)
    expect(heardBob).toContainEqual({ type: 'call', event: 'ring', call })
    await calls.joinCall({ user: bob, call: call.id, endpoint: endpointOf(bob) })
    await calls.relaySignal({ user: bob, call: call.id, endpoint: endpointOf(bob), to: ann, data: 'offer' })
    expect(heardAnn).toContainEqual({
      type: 'call',
      event: 'signal',
      id: call.id,
      from: bob,
      endpoint: endpointOf(ann),
      data: 'offer',
    })
    await calls.leaveCall({ user: ann, call: call.id, endpoint: endpointOf(ann) })
    const whole = ['started', 'joined', 'joined', 'left', 'left', 'ended']
    expect(await story(ann, room)).toEqual(whole)
    // Two processes that bring the same lines.
    await Promise.all([appendLines(dependencies), appendLines(dependencies)])
    expect(await story(bob, room)).toEqual(whole)
  })

  it('both call each other at the same moment: it is one call, and both are in it', async () => {
    const { ann, bob, room } = await couple()
    const [first, second] = await Promise.all([start(ann, room), start(bob, room)])
    expect(first.call.id).toBe(second.call.id)
    const { calls: open } = await calls.listCalls({ rooms: [room] })
    expect(open.map(({ participants }) => participants.map(({ standing }) => standing))).toEqual([
      ['joined', 'joined'],
    ])
    expect(await story(ann, room)).toEqual(['started', 'joined', 'joined'])
  })

  it('who does not answer in time has missed it, and who is in another call is busy', async () => {
    const { ann, bob, room } = await couple()
    const { call } = await start(ann, room)
    await later(RING_MS + 1)
    expect(await story(bob, room)).toEqual(['started', 'joined', 'left', 'missed missed'])
    const lines = await linesOf(bob, room)
    const rung = { call: call.id, media: 'video', rung: [bob] }
    expect([lines[0], lines.at(-1)]).toMatchObject([rung, rung])
    await expect(
      calls.sayHere({ user: ann, call: call.id, endpoint: endpointOf(ann) }),
    ).rejects.toMatchObject({
      code: 'conflict',
    })

    const { ann: carl, bob: dave, room: other } = await couple()
    await start(carl, other)
    const pair = await kit.rooms.createRoom({ user: ann, kind: 'group', name: 'three', usernames: [] })
    expect(pair.room.id).not.toBe(room)
    await calls.joinCall({
      user: dave,
      endpoint: endpointOf(dave),
      call: (await calls.listCalls({ rooms: [other] })).calls[0]?.id ?? '',
    })
    await expect(start(dave, pair.room.id)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('who is not heard of is lost, may come back, and is out of it after a while', async () => {
    const { ann, bob, room } = await couple()
    const { call } = await start(ann, room)
    const here = (user: string) => calls.sayHere({ user, call: call.id, endpoint: endpointOf(user) })
    await calls.joinCall({ user: bob, call: call.id, endpoint: endpointOf(bob) })
    aheadMs += SILENT_MS + 1
    await here(ann)
    await calls.passTime()
    const lost = (await here(ann)).call.participants.find(({ user }) => user === bob)
    expect(lost).toMatchObject({ standing: 'joined', lost: true })
    expect((await here(bob)).call.participants.some((one) => one.lost)).toBe(false)
    await calls.loseEndpoint({ user: bob, endpoint: endpointOf(bob) })
    aheadMs += GRACE_MS + 1
    await here(ann)
    await calls.passTime()
    expect((await story(ann, room)).at(-1)).toBe('ended')
  })
})

describe('who may', () => {
  it('an outsider learns nothing of a room, and nobody answers a call of a room they were removed from', async () => {
    const [ann, bob, eve] = [await kit.person(), await kit.person('leaver'), await kit.person()]
    const { room } = await kit.rooms.createRoom({
      user: ann,
      kind: 'group',
      name: 'g',
      usernames: ['leaver'],
    })
    await expect(start(eve, room.id)).rejects.toMatchObject({ code: 'not_found' })
    const { call } = await start(ann, room.id)
    await kit.rooms.removeMember({ user: ann, room: room.id, member: bob })
    for (const user of [bob, eve])
      await expect(calls.joinCall({ user, call: call.id, endpoint: endpointOf(user) })).rejects.toMatchObject(
        { code: 'not_found' },
      )
  })

  it('who is removed from the room is out of its call with the next look', async () => {
    const [ann, bob] = [await kit.person(), await kit.person('goner')]
    const { room } = await kit.rooms.createRoom({ user: ann, kind: 'group', name: 'g', usernames: ['goner'] })
    const { call } = await start(ann, room.id)
    await calls.joinCall({ user: bob, call: call.id, endpoint: endpointOf(bob) })
    const heard = await hear(bob)
    await kit.rooms.removeMember({ user: ann, room: room.id, member: bob })
    await calls.passTime()
    expect(heard).toContainEqual(expect.objectContaining({ event: 'dismiss', endpoint: endpointOf(bob) }))
    expect((await calls.listCalls({ rooms: [room.id] })).calls[0]?.participants).toContainEqual({
      user: bob,
      standing: 'left',
    })
  })

  it('without the permission nobody starts one', async () => {
    const ann = await kit.person('mute', {
      permissions: {
        create_room: true,
        invite: true,
        remove_member: true,
        send_file: true,
        start_call: false,
      },
    })
    const { room } = await kit.rooms.createRoom({ user: ann, kind: 'group', name: 'g', usernames: [] })
    await expect(start(ann, room.id)).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('without a media server the ninth is told that the call is full', async () => {
    const names = Array.from({ length: 9 }, (_, at) => `mesh-${at}`)
    const people = await Promise.all(names.map((name) => kit.person(name)))
    const [first = ''] = people
    const { room } = await kit.rooms.createRoom({
      user: first,
      kind: 'group',
      name: 'nine',
      usernames: names.slice(1),
    })
    const answers = await Promise.allSettled(people.map((user) => start(user, room.id)))
    expect(answers.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { code: 'conflict', details: { reason: 'call_full' } } },
    ])
    const { calls: open } = await calls.listCalls({ rooms: [room.id] })
    expect(open[0]?.participants.filter(({ sound_only }) => sound_only === true)).toHaveLength(4)
  })

  it('two devices that call two rooms at the same moment: one of them is told that it is in another call', async () => {
    const ann = await kit.person()
    const rooms = await Promise.all(
      ['one', 'two'].map((name) => kit.rooms.createRoom({ user: ann, kind: 'group', name, usernames: [] })),
    )
    const answers = await Promise.allSettled(rooms.map(({ room }, at) => start(ann, room.id, at + 1)))
    expect(answers.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { code: 'conflict' } },
    ])
    expect((await calls.listCalls({ rooms: rooms.map(({ room }) => room.id) })).calls).toHaveLength(1)
  })

  it('what happens is said to the room', async () => {
    const { ann, room } = await couple()
    const heard: string[] = []
    await kit.bus.subscribe(roomTopic(room), (message) =>
      heard.push((JSON.parse(message) as { type: string }).type),
    )
    await start(ann, room)
    expect(heard).toContain('call')
  })
})
