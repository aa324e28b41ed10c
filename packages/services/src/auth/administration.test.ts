import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type AuthKit, codeOf, createAuthKit, readFeed } from '../../../../tests/support/auth-kit.ts'

let kit: AuthKit
beforeEach(async () => {
  kit = await createAuthKit()
})
afterEach(() => kit.close())

async function administrator(username = 'root') {
  const signIn = await kit.register(username)
  await kit.auth.promote({ username })
  return signIn.user.id
}

const outbox = async () =>
  (await kit.store.database.query<{ account: string | null }>('select account from auth.outbox')).rows

describe('the setup code', () => {
  it('is told once, makes its first bearer an administrator and is then used up', async () => {
    const code = await kit.auth.ensureSetupCode()
    expect(code).toMatch(/^([0-9a-z]{5}-){3}[0-9a-z]{5}$/)
    expect(await kit.auth.ensureSetupCode()).toBeUndefined()
    const [one, two] = [await kit.register('one'), await kit.register('two')]
    expect(await codeOf(kit.auth.claimSetup({ user: one.user.id, code: 'wrong' }))).toBe('forbidden')
    const typed = String(code).toUpperCase().replaceAll('-', ' ')
    await kit.auth.claimSetup({ user: one.user.id, code: typed })
    expect(kit.announced.at(-1)).toMatchObject({ id: one.user.id, admin: true })
    expect(await codeOf(kit.auth.claimSetup({ user: two.user.id, code: typed }))).toBe('forbidden')
    expect(await kit.auth.ensureSetupCode()).toBeUndefined()
  })

  it('goes to one of two who bring it at the same moment', async () => {
    const code = String(await kit.auth.ensureSetupCode())
    const [one, two] = [await kit.register('one'), await kit.register('two')]
    const codes = await Promise.all(
      [one, two].map(({ user }) => codeOf(kit.auth.claimSetup({ user: user.id, code }))),
    )
    expect(codes.sort()).toEqual(['forbidden', 'none'])
  })

  it('is one for two processes that start together', async () => {
    const codes = await Promise.all([kit.auth.ensureSetupCode(), kit.another().ensureSetupCode()])
    expect(codes.filter((code) => code !== undefined)).toHaveLength(1)
  })

  it('is worth nothing once the operator has promoted somebody', async () => {
    const code = String(await kit.auth.ensureSetupCode())
    await administrator()
    const { user } = await kit.register('late')
    expect(await codeOf(kit.auth.claimSetup({ user: user.id, code }))).toBe('forbidden')
    expect(await codeOf(kit.auth.promote({ username: 'nobody' }))).toBe('not_found')
  })
})

describe('permissions', () => {
  it('are all given by default, changed for one user, and fall back with null', async () => {
    const actor = await administrator()
    const { user } = await kit.register('worker')
    const set = (permissions: { create_room?: boolean | null; invite?: boolean | null }) =>
      kit.auth.setPermissions({ actor, user: user.id, permissions })
    expect((await set({ create_room: false })).permissions).toMatchObject({
      create_room: false,
      invite: true,
    })
    expect((await set({ invite: false })).permissions).toMatchObject({ create_room: false, invite: false })
    expect((await set({ create_room: null })).permissions).toMatchObject({ create_room: true, invite: false })
    expect(kit.announced.at(-1)?.permissions).toMatchObject({ create_room: true, invite: false })
    const versions = kit.announced.filter(({ id }) => id === user.id).map(({ version }) => version)
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b))
    expect(versions).toHaveLength(4)
  })

  it('change for everyone with the defaults, except where a user has a value of one’s own', async () => {
    const actor = await administrator()
    const [one, two] = [await kit.register('one'), await kit.register('two')]
    await kit.auth.setPermissions({ actor, user: two.user.id, permissions: { send_file: true } })
    const before = new Map(kit.announced.map((record) => [record.id, record.version]))
    kit.announced.length = 0
    await kit.auth.setPermissions({ actor, permissions: { send_file: false } })
    const told = new Map(kit.announced.map((record) => [record.id, record]))
    expect(told.size).toBe(3)
    expect(told.get(one.user.id)?.permissions.send_file).toBe(false)
    expect(told.get(two.user.id)?.permissions.send_file).toBe(true)
    for (const [id, record] of told) expect(record.version).toBeGreaterThan(before.get(id) ?? 0)
    const defaults = await kit.auth.getPermissions({ actor: one.user.id })
    expect(defaults.permissions.send_file).toBe(false)
  })

  it('change for everyone when there are more than fit a page', async () => {
    const actor = await administrator()
    await kit.store.database.query(
      `insert into auth.account (id, username, display_name, password_hash, created_at)
       select 'bulk' || n, 'bulk' || n, 'Bulk', '', 0 from generate_series(1, 1200) as n`,
    )
    kit.announced.length = 0
    await kit.auth.setPermissions({ actor, permissions: { invite: false } })
    expect(new Set(kit.announced.map(({ id }) => id)).size).toBe(1_201)
    const pages = []
    for (let after = ''; ; ) {
      const { users } = await kit.auth.userRecords({ after, limit: 500 })
      pages.push(users.length)
      if (users.length === 0) break
      after = users.at(-1)?.id ?? ''
    }
    expect(pages).toEqual([500, 500, 201, 0])
  })

  it('are changed and looked up by administrators only, one’s own apart', async () => {
    await administrator()
    const [one, two] = [await kit.register('one'), await kit.register('two')]
    const [actor, user] = [one.user.id, two.user.id]
    expect(await codeOf(kit.auth.setPermissions({ actor, user, permissions: { invite: false } }))).toBe(
      'forbidden',
    )
    expect(await codeOf(kit.auth.setPermissions({ actor, user: actor, permissions: {} }))).toBe('forbidden')
    expect(await codeOf(kit.auth.setPermissions({ actor, permissions: {} }))).toBe('forbidden')
    expect(await codeOf(kit.auth.setDisabled({ actor, user, disabled: true }))).toBe('forbidden')
    expect(await codeOf(kit.auth.getPermissions({ actor, user }))).toBe('forbidden')
    expect((await kit.auth.getPermissions({ actor, user: actor })).admin).toBe(false)
  })
})

describe('a disabled user', () => {
  it('is signed out everywhere, cannot sign in or refresh, and is not found by search', async () => {
    const actor = await administrator()
    const first = await kit.register('bad')
    const second = await kit.login('bad')
    await kit.auth.setDisabled({ actor, user: first.user.id, disabled: true })
    expect((await readFeed(kit.auth)).map(({ kind, subject }) => `${kind} ${subject}`).sort()).toEqual(
      [`device ${first.device}`, `device ${second.device}`, `user ${first.user.id}`].sort(),
    )
    expect(await codeOf(kit.login('bad'))).toBe('forbidden')
    expect(await codeOf(kit.login('bad', 'wrong password'))).toBe('bad_credentials')
    expect(await codeOf(kit.auth.refresh({ refresh_token: first.refresh_token }))).toBe('unauthenticated')
    expect((await kit.auth.searchUsers({ query: 'bad', limit: 10 })).users).toEqual([])
    expect(kit.announced.at(-1)).toMatchObject({ id: first.user.id, disabled: true })
  })

  it('signs in again once let back in, and the old sessions stay dead', async () => {
    const actor = await administrator()
    const { user, refresh_token } = await kit.register('sorry')
    await kit.auth.setDisabled({ actor, user: user.id, disabled: true })
    await kit.auth.setDisabled({ actor, user: user.id, disabled: false })
    const again = await kit.login('sorry')
    expect(await codeOf(kit.auth.refresh({ refresh_token }))).toBe('unauthenticated')
    await kit.auth.refresh({ refresh_token: again.refresh_token })
  })

  it('is never oneself', async () => {
    const actor = await administrator()
    expect(await codeOf(kit.auth.setDisabled({ actor, user: actor, disabled: true }))).toBe('conflict')
  })

  it('gets no session from a sign-in that was under way', async () => {
    const actor = await administrator()
    const { user } = await kit.register('racer')
    for (let round = 0; round < 10; round++) {
      await Promise.all([
        kit.login('racer', undefined, `192.0.2.${round}`).catch(() => {}),
        kit.auth.setDisabled({ actor, user: user.id, disabled: true }),
      ])
      expect((await kit.auth.listDevices({ user: user.id, device: 'none' })).devices).toEqual([])
      await kit.auth.setDisabled({ actor, user: user.id, disabled: false })
    }
  })
})

describe('a change that could not be announced', () => {
  it('stays in the outbox, and the relay of any process announces it', async () => {
    kit.failAnnouncing(new Error('rooms is away'))
    const { user } = await kit.register('unheard')
    expect(kit.announced).toEqual([])
    expect(await outbox()).toEqual([{ account: user.id }])
    kit.failAnnouncing(undefined)
    const service = kit.another()
    await service.start()
    kit.clock.advance(0)
    await service.close()
    expect(kit.announced.map(({ id }) => id)).toEqual([user.id])
    expect(await outbox()).toEqual([])
  })

  it('is tried again, less and less often, until it succeeds', async () => {
    kit.failAnnouncing(new Error('rooms is away'))
    const { user } = await kit.register('stubborn')
    await kit.auth.start()
    kit.clock.advance(0)
    // Upkeep leaves one timer; the relay's second one appears when its round has failed.
    const next = async () => {
      while (kit.clock.pending < 2) await kit.store.database.query('select 1')
    }
    await next()
    kit.clock.advance(2_000)
    await next()
    kit.failAnnouncing(undefined)
    kit.clock.advance(4_000)
    await next()
    expect(kit.announced.map(({ id }) => id)).toEqual([user.id])
    expect(await outbox()).toEqual([])
  })

  it('leaves nothing behind when it was announced at once', async () => {
    await administrator()
    expect(await outbox()).toEqual([])
  })
})
