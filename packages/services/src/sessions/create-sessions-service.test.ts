import { createInProcessBus } from '@parley/adapters/embedded/in-process-bus'
import { CONNECTIONS_MAX_PER_USER, presenceTopic, type SessionsStore, silentLog } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createManualClock, type ManualClock } from '../../../../tests/support/manual-clock.ts'
import { createSessionsService, type LocalSessionsService } from './create-sessions-service.ts'
import { createMemorySessionsStore } from './memory-sessions-store.ts'

let clock: ManualClock
let sessions: LocalSessionsService
let heard: unknown[]

beforeEach(async () => {
  clock = createManualClock()
  const bus = createInProcessBus()
  sessions = createSessionsService({ bus, clock, log: silentLog })
  heard = []
  await bus.subscribe(presenceTopic('ada'), (message) => heard.push(JSON.parse(message)))
})
afterEach(() => sessions.close())

const open = (id: string, user = 'ada', gateway = 'gateway-1') =>
  sessions.openConnection({ id, user, device: `device-${id}`, gateway })
const close = (id: string, user = 'ada') => sessions.closeConnection({ id, user })
const presenceOf = async (user = 'ada') => (await sessions.getPresence({ users: [user] })).presence[0]

/** Moves time and lets what is due be read, published and delivered. */
async function pass(ms: number): Promise<void> {
  clock.advance(ms)
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

describe('presence', () => {
  it('is published when a user comes and, after the grace, when the user goes', async () => {
    await open('a')
    await pass(100)
    expect(heard).toEqual([{ user: 'ada', state: 'online' }])
    const left = clock.now()
    await close('a')
    await pass(2_999)
    expect(heard).toHaveLength(1)
    expect(await presenceOf()).toEqual({ user: 'ada', state: 'online' })
    await pass(1)
    expect(await presenceOf()).toEqual({ user: 'ada', state: 'offline', last_seen_at: left })
    await pass(100)
    expect(heard.slice(1)).toEqual([{ user: 'ada', state: 'offline', last_seen_at: left }])
  })

  it('says nothing of a reload', async () => {
    await open('a')
    await pass(100)
    for (let reload = 0; reload < 5; reload++) {
      await close('a')
      await pass(1_500)
      await open('a')
      await pass(1_500)
    }
    await pass(10_000)
    expect(heard).toEqual([{ user: 'ada', state: 'online' }])
  })

  it('says nothing of a coming and going that is over within a tenth of a second', async () => {
    await open('a')
    await sessions.setState({ id: 'a', user: 'ada', state: 'away' })
    await sessions.setState({ id: 'a', user: 'ada', state: 'online' })
    await pass(100)
    expect(heard).toEqual([{ user: 'ada', state: 'online' }])
  })

  it('is away only when all connections are, and stays so through the grace', async () => {
    await open('a')
    await open('b')
    expect(await sessions.setState({ id: 'a', user: 'ada', state: 'away' })).toEqual({ state: 'online' })
    expect(await sessions.setState({ id: 'b', user: 'ada', state: 'away' })).toEqual({ state: 'away' })
    await pass(100)
    await close('a')
    await close('b')
    await pass(1_000)
    expect(await presenceOf()).toEqual({ user: 'ada', state: 'away' })
    expect(heard).toEqual([{ user: 'ada', state: 'away' }])
  })

  it('goes offline once after coming and going several times, counted from the last time', async () => {
    await open('a')
    await close('a')
    await pass(2_000)
    await open('a')
    await close('a')
    const left = clock.now()
    await pass(2_999)
    expect(heard).toEqual([{ user: 'ada', state: 'online' }])
    await pass(1)
    await pass(100)
    expect(heard.slice(1)).toEqual([{ user: 'ada', state: 'offline', last_seen_at: left }])
  })

  it('is offline for those never seen, and told in the order asked for', async () => {
    await open('a', 'zoe')
    expect((await sessions.getPresence({ users: ['unknown', 'zoe'] })).presence).toEqual([
      { user: 'unknown', state: 'offline' },
      { user: 'zoe', state: 'online' },
    ])
  })

  it('cannot be set for a connection that is not one’s own or not there', async () => {
    await open('a')
    const foreign = { id: 'a', user: 'eve', state: 'away' as const }
    await expect(sessions.setState(foreign)).rejects.toMatchObject({ code: 'not_found' })
    await close('a', 'eve')
    expect((await sessions.findConnections({ user: 'ada' })).connections).toHaveLength(1)
  })
})

describe('connections', () => {
  it('are found with their gateway and device', async () => {
    await open('a')
    const { connections } = await sessions.findConnections({ user: 'ada' })
    expect(connections).toEqual([
      { id: 'a', user: 'ada', device: 'device-a', gateway: 'gateway-1', opened_at: clock.now() },
    ])
  })

  it('are 50 a user: one more is refused, opening one again is not', async () => {
    for (let i = 0; i < CONNECTIONS_MAX_PER_USER; i++) await open(`c${i}`)
    await expect(open('one-more')).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 5_000 })
    await open('c0')
    await open('other', 'zoe')
    await close('c1')
    await open('one-more')
  })
})

describe('a gateway', () => {
  it('is found by where it said that it is reached', async () => {
    const url = 'http://ws-1.internal:9000'
    await sessions.renewGateway({ gateway: 'gateway-1', url })
    await open('a')
    await open('b', 'ada', 'gateway-2')
    expect(await sessions.findGateway({ gateway: 'gateway-1' })).toEqual({ url })
    expect(await sessions.findGateway({ gateway: 'gateway-2' })).toEqual({})
    await pass(5_000)
    expect(await sessions.findGateway({ gateway: 'gateway-1' })).toEqual({})
  })

  it('keeps its connections while it renews, and loses them 5 s after it stopped', async () => {
    await open('a')
    await sessions.renewGateway({ gateway: 'gateway-1' })
    for (let i = 0; i < 3; i++) {
      await pass(4_999)
      expect(await sessions.renewGateway({ gateway: 'gateway-1' })).toEqual({ known: true })
    }
    await pass(4_999)
    expect((await sessions.findConnections({ user: 'ada' })).connections).toHaveLength(1)
    await pass(1)
    expect((await sessions.findConnections({ user: 'ada' })).connections).toEqual([])
  })

  it('that died is noticed without being asked: its users go offline', async () => {
    sessions.start()
    await open('a')
    for (let second = 0; second < 10; second++) await pass(1_000)
    expect(heard).toEqual([
      { user: 'ada', state: 'online' },
      { user: 'ada', state: 'offline', last_seen_at: expect.any(Number) },
    ])
  })

  it('that comes too late is told so, even if it opened a connection before it renewed', async () => {
    expect(await sessions.renewGateway({ gateway: 'gateway-1' })).toEqual({ known: false })
    await open('a')
    expect(await sessions.renewGateway({ gateway: 'gateway-1' })).toEqual({ known: true })
    await pass(5_000)
    await open('b', 'zoe')
    expect(await sessions.renewGateway({ gateway: 'gateway-1' })).toEqual({ known: false })
    await open('a')
    await open('b', 'zoe')
    expect((await sessions.findConnections({ user: 'zoe' })).connections).toHaveLength(1)
    expect(await sessions.renewGateway({ gateway: 'gateway-1' })).toEqual({ known: true })
  })
})

describe('the list of who is online', () => {
  it('holds those connected and those in their grace, in pages', async () => {
    for (const user of ['dan', 'cyd', 'bob', 'ada', 'eve']) await open(user, user)
    await close('bob', 'bob')
    await close('eve', 'eve')
    await pass(2_000)
    await close('cyd', 'cyd')
    await pass(1_000)
    const first = await sessions.listOnline({ limit: 2 })
    expect(first).toEqual({ users: ['ada', 'cyd'], next: 'cyd' })
    expect(await sessions.listOnline({ limit: 2, cursor: 'cyd' })).toEqual({ users: ['dan'] })
  })
})

describe('two replicas on one store', () => {
  let other: LocalSessionsService
  let store: SessionsStore

  beforeEach(async () => {
    sessions.close()
    const bus = createInProcessBus()
    store = createMemorySessionsStore()
    const replica = () => createSessionsService({ bus, clock, log: silentLog, store })
    sessions = replica()
    other = replica()
    heard = []
    await bus.subscribe(presenceTopic('ada'), (message) => heard.push(JSON.parse(message)))
  })
  afterEach(() => other.close())

  /** Enough for two sweeps; the gateway lives on. */
  async function passSeconds(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      await other.renewGateway({ gateway: 'gateway-1' })
      await pass(1_000)
    }
  }
  const states = () => heard.map((presence) => (presence as { state: string }).state)

  it('tell once that a user came and went, whichever handles what', async () => {
    for (const service of [sessions, other]) service.start()
    await open('a')
    await other.openConnection({ id: 'b', user: 'ada', device: 'device-b', gateway: 'gateway-1' })
    await passSeconds(3)
    expect(states()).toEqual(['online'])
    await close('a')
    await other.closeConnection({ id: 'b', user: 'ada' })
    await passSeconds(10)
    expect(states()).toEqual(['online', 'offline'])
  })

  it('tell once that a user went when the one that handled the close dies within the grace', async () => {
    other.start()
    await open('a')
    await pass(100)
    const left = clock.now()
    await close('a')
    await pass(500)
    sessions.close()
    await passSeconds(10)
    expect(heard.slice(1)).toEqual([{ user: 'ada', state: 'offline', last_seen_at: left }])
  })

  it('tell what changed when the one that changed it dies before it could', async () => {
    other.start()
    await open('a')
    sessions.close()
    await passSeconds(3)
    expect(states()).toEqual(['online'])
  })

  it('tell nothing of a user who came back to the other one', async () => {
    for (const service of [sessions, other]) service.start()
    await open('a')
    await passSeconds(1)
    await close('a')
    await pass(2_000)
    await other.openConnection({ id: 'b', user: 'ada', device: 'device-b', gateway: 'gateway-1' })
    await passSeconds(10)
    expect(states()).toEqual(['online'])
  })

  it('notice a dead gateway together and tell it once', async () => {
    for (const service of [sessions, other]) service.start()
    await open('a')
    await sessions.renewGateway({ gateway: 'gateway-1' })
    for (let second = 0; second < 12; second++) await pass(1_000)
    expect(states()).toEqual(['online', 'offline'])
  })

  it('go on after a time without the store, which is logged once', async () => {
    const warnings: string[] = []
    const log = { ...silentLog, warn: (_: object, message: string) => warnings.push(message) }
    const look = store.removeDeadGateways
    const away = async () => {
      throw new ParleyError('unavailable', { retryAfterMs: 1_000 })
    }
    const broken = { ...store, removeDeadGateways: away as typeof look }
    const service = createSessionsService({ bus: createInProcessBus(), clock, log, store: broken })
    service.start()
    for (let second = 0; second < 5; second++) await pass(1_000)
    const asked = service.findConnections({ user: 'ada' })
    await expect(asked).rejects.toMatchObject({ code: 'unavailable', retryAfterMs: 1_000 })
    broken.removeDeadGateways = look
    await pass(1_000)
    expect((await service.findConnections({ user: 'ada' })).connections).toEqual([])
    expect(warnings).toHaveLength(1)
    service.close()
  })
})
