/** What every implementation of `SessionsStore` must do. `create` answers stores that share what they remember. */
import { beforeEach, describe, expect, it } from 'vitest'
import { type LiveConnection, LOOK_AFTER_MS, type SessionsStore } from '../ports/sessions-store.ts'
import { OFFLINE_GRACE_MS } from '../sessions.ts'

/** 2025-01-01T00:00:00Z. */
const T = 1_735_689_600_000
const MAX = 3
const LEASE_UNTIL = T + 5_000

export function describeSessionsStore(name: string, create: Create): void {
  describeConnections(name, create)
  describeGateways(name, create)
  describeLooks(name, create)
}

type Create = (goneMax: number) => Promise<readonly [SessionsStore, SessionsStore]>

const connection = (id: string, user = 'ada', gateway = 'g1'): LiveConnection => ({
  id,
  user,
  device: `device-${id}`,
  gateway,
  opened_at: T,
  state: 'online',
})

function describeConnections(name: string, create: Create): void {
  describe(`the sessions store: ${name}`, () => {
    let store: SessionsStore
    /** Another replica's. */
    let other: SessionsStore
    beforeEach(async () => {
      ;[store, other] = await create(2)
    })

    const add = (id: string, user?: string, gateway?: string) =>
      store.add(connection(id, user, gateway), MAX, LEASE_UNTIL)
    const idsOf = async (user = 'ada') => {
      const [found] = await other.read([user])
      return found?.connections.map(({ id }) => id)
    }

    it('remembers connections as they were given, in the order they came', async () => {
      await add('c2')
      await add('c1', 'ada', 'g2')
      expect(await other.read(['ada', 'nobody'])).toEqual([
        { connections: [connection('c2'), connection('c1', 'ada', 'g2')] },
        { connections: [] },
      ])
    })

    it('takes so many connections of a user; replacing one is not one more', async () => {
      for (const id of ['c1', 'c2', 'c3']) expect(await add(id)).toBe(true)
      expect(await add('c4')).toBe(false)
      expect(await add('c2', 'ada', 'g2')).toBe(true)
      expect(await add('c4', 'zoe')).toBe(true)
      expect(await idsOf()).toEqual(['c1', 'c2', 'c3'])
      await store.remove('ada', 'c1', T)
      expect(await add('c4')).toBe(true)
    })

    it('never takes one too many from two replicas at once', async () => {
      const taken = await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          [store, other][n % 2]?.add(connection(`c${n}`), MAX, LEASE_UNTIL),
        ),
      )
      expect(taken.filter(Boolean)).toHaveLength(MAX)
      expect(await idsOf()).toHaveLength(MAX)
    })

    it('changes the state of what is there only', async () => {
      await add('c1')
      expect(await store.setState('ada', 'c1', 'away', T)).toBe(true)
      expect(await store.setState('ada', 'c2', 'away', T)).toBe(false)
      expect(await store.setState('zoe', 'c1', 'away', T)).toBe(false)
      expect(await other.read(['ada'])).toEqual([{ connections: [{ ...connection('c1'), state: 'away' }] }])
    })

    it('remembers when a user’s last connection ended and how they were; coming back forgets it', async () => {
      await add('c1')
      await add('c2')
      await store.setState('ada', 'c2', 'away', T)
      expect(await store.remove('ada', 'c1', T + 1)).toBe(true)
      expect(await idsOf()).toEqual(['c2'])
      expect(await other.remove('ada', 'c2', T + 2)).toBe(true)
      expect(await store.remove('ada', 'c2', T + 3)).toBe(false)
      expect(await store.remove('zoe', 'c1', T + 3)).toBe(false)
      expect(await store.read(['ada'])).toEqual([{ connections: [], left: { at: T + 2, state: 'away' } }])
      await add('c3')
      expect(await store.read(['ada'])).toEqual([{ connections: [connection('c3')] }])
    })

    it('forgets who is gone longest', async () => {
      for (const [n, user] of ['ada', 'bob', 'cyd'].entries()) {
        await add(user, user)
        await store.remove(user, user, T + n)
      }
      expect(await store.read(['ada', 'bob', 'cyd'])).toEqual([
        { connections: [] },
        { connections: [], left: { at: T + 1, state: 'online' } },
        { connections: [], left: { at: T + 2, state: 'online' } },
      ])
      expect(await store.listUsers('', 10, T - 1)).toEqual(['bob', 'cyd'])
    })

    it('lists who is there, or left lately, in order and in pages', async () => {
      for (const user of ['dan', 'Cyd', 'bob', 'ada', 'eve', '_x', '-y', '0z']) await add(user, user)
      await store.remove('bob', 'bob', T + 1)
      await store.remove('ada', 'ada', T + 2)
      expect(await other.listUsers('', 4, T + 1)).toEqual(['-y', '0z', 'Cyd', '_x'])
      expect(await other.listUsers('_x', 4, T + 1)).toEqual(['ada', 'dan', 'eve'])
      expect(await other.listUsers('dan', 4, T + 1)).toEqual(['eve'])
      expect(await other.listUsers('eve', 4, T + 1)).toEqual([])
    })
  })
}

function describeGateways(name: string, create: Create): void {
  describe(`the sessions store: ${name}, gateways`, () => {
    let store: SessionsStore
    let other: SessionsStore
    beforeEach(async () => {
      ;[store, other] = await create(10_000)
    })
    const add = (id: string, user: string, gateway: string) =>
      store.add({ id, user, device: 'd', gateway, opened_at: T, state: 'online' }, MAX, LEASE_UNTIL)

    it('are known from their first renewal until they are removed', async () => {
      await add('c1', 'ada', 'g1')
      expect(await store.renewGateway('g1', LEASE_UNTIL)).toBe(false)
      expect(await other.renewGateway('g1', LEASE_UNTIL + 1)).toBe(true)
      expect(await store.removeDeadGateways(LEASE_UNTIL)).not.toContain('bob')
      expect(await store.renewGateway('g1', LEASE_UNTIL + 1)).toBe(true)
      await store.removeDeadGateways(LEASE_UNTIL + 1)
      expect(await store.renewGateway('g1', LEASE_UNTIL + 9)).toBe(false)
    })

    it('take their connections along when their lease ends, and nobody else’s', async () => {
      await add('c1', 'ada', 'g1')
      await add('c2', 'ada', 'g11')
      await add('c3', 'bob', 'g1')
      await add('c4', 'cyd', 'g2')
      for (const gateway of ['g11', 'g2']) await store.renewGateway(gateway, LEASE_UNTIL + 1)
      expect((await other.removeDeadGateways(LEASE_UNTIL)).sort()).toContain('bob')
      const found = await store.read(['ada', 'bob', 'cyd'])
      expect(found.map(({ connections }) => connections.map(({ id }) => id))).toEqual([['c2'], [], ['c4']])
      expect(found[1]?.left).toEqual({ at: LEASE_UNTIL, state: 'online' })
    })

    it('forget what moved to another one', async () => {
      await add('c1', 'ada', 'g1')
      await add('c1', 'ada', 'g2')
      await store.renewGateway('g2', LEASE_UNTIL + 1)
      await store.removeDeadGateways(LEASE_UNTIL)
      expect((await store.read(['ada']))[0]?.connections).toHaveLength(1)
    })

    it('miss nobody when they are large and two replicas sweep at once', async () => {
      const users = Array.from({ length: 2_500 }, (_, n) => `user-${n}`)
      await Promise.all(users.map((user) => add(`of-${user}`, user, 'g1')))
      const swept = await Promise.all([
        store.removeDeadGateways(LEASE_UNTIL),
        other.removeDeadGateways(LEASE_UNTIL),
      ])
      expect(new Set(swept.flat())).toEqual(new Set(users))
      const found = await store.read(users)
      expect(found.every(({ connections, left }) => connections.length === 0 && left !== undefined)).toBe(
        true,
      )
    })

    it('say where they are reached, until they are gone', async () => {
      const url = 'http://ws-1.internal:9000'
      await store.renewGateway('g1', LEASE_UNTIL, url)
      await store.renewGateway('g2', LEASE_UNTIL + 1)
      expect(await Promise.all(['g2', 'g1', 'g3'].map((id) => other.findGateway(id)))).toEqual([
        undefined,
        url,
        undefined,
      ])
      await store.removeDeadGateways(LEASE_UNTIL)
      expect(await other.findGateway('g1')).toBeUndefined()
    })
  })
}

function describeLooks(name: string, create: Create): void {
  describe(`the sessions store: ${name}, looks`, () => {
    let store: SessionsStore
    let other: SessionsStore
    beforeEach(async () => {
      ;[store, other] = await create(10_000)
      await store.renewGateway('g1', T + 1_000_000)
    })
    const add = (id: string, user = 'ada') =>
      store.add({ id, user, device: 'd', gateway: 'g1', opened_at: T, state: 'online' }, MAX, LEASE_UNTIL)

    it('find a state to be told once, whoever looks', async () => {
      await add('c1')
      const presence = { user: 'ada', state: 'online' }
      const looks = await Promise.all([store.look(['ada'], T), other.look(['ada'], T)])
      expect(looks.flat().map((look) => look.presence)).toEqual([presence, presence])
      expect(looks.flat().filter(({ changed }) => changed)).toHaveLength(1)
      await store.setState('ada', 'c1', 'away', T)
      const away = { presence: { user: 'ada', state: 'away' }, changed: true }
      const offline = { presence: { user: 'zoe', state: 'offline' }, changed: false }
      expect(await other.look(['zoe', 'ada'], T)).toEqual([offline, away])
      expect(await store.look(['ada'], T)).toEqual([{ ...away, changed: false }])
    })

    it('name the end of the grace, and after it the time the user left', async () => {
      await add('c1')
      await store.look(['ada'], T)
      await store.remove('ada', 'c1', T + 7)
      const againAt = T + 7 + OFFLINE_GRACE_MS
      const online = { presence: { user: 'ada', state: 'online' }, changed: false, againAt }
      expect(await store.look(['ada'], T + 7)).toEqual([online])
      expect(await store.look(['ada'], againAt - 1)).toEqual([online])
      const offline = { user: 'ada', state: 'offline', last_seen_at: T + 7 }
      expect(await other.look(['ada'], againAt)).toEqual([{ presence: offline, changed: true }])
      expect(await store.look(['ada'], againAt)).toEqual([{ presence: offline, changed: false }])
    })

    it('are asked of any replica when the one that made a change does not look in time', async () => {
      await add('c1')
      expect(await other.removeDeadGateways(T + LOOK_AFTER_MS - 1)).toEqual([])
      expect(await other.removeDeadGateways(T + LOOK_AFTER_MS)).toEqual(['ada'])
      await other.look(['ada'], T)
      expect(await other.removeDeadGateways(T + 60_000)).toEqual([])
      await store.setState('ada', 'c1', 'away', T + 60_000)
      expect(await other.removeDeadGateways(T + 60_000 + LOOK_AFTER_MS)).toEqual(['ada'])
    })

    it('are asked of any replica when a grace ends', async () => {
      await add('c1')
      await store.remove('ada', 'c1', T)
      await store.look(['ada'], T)
      expect(await other.removeDeadGateways(T + OFFLINE_GRACE_MS - 1)).toEqual([])
      expect(await other.removeDeadGateways(T + OFFLINE_GRACE_MS)).toEqual(['ada'])
      await other.look(['ada'], T + OFFLINE_GRACE_MS)
      expect(await store.removeDeadGateways(T + 60_000)).toEqual([])
    })
  })
}
