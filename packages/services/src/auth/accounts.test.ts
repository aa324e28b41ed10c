import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AuthKit, codeOf, createAuthKit, RIGHT_PASSWORD } from '../../../../tests/support/auth-kit.ts'
import { loadCommonPasswords } from './common-passwords.ts'
import { createPasswords } from './passwords.ts'
import { newRefreshToken } from './refresh-token.ts'
import { insertDevice } from './start-device.ts'

let kit: AuthKit
beforeAll(async () => {
  kit = await createAuthKit()
})
afterAll(() => kit.close())

describe('register', () => {
  it('makes an account that is signed in, with the user name as display name', async () => {
    const signIn = await kit.register('ada')
    expect(signIn.user).toEqual({ id: signIn.user.id, username: 'ada', display_name: 'ada' })
    expect(signIn.expires_in_seconds).toBe(600)
    expect((await kit.auth.getUsers({ ids: [signIn.user.id] })).users).toEqual([signIn.user])
  })

  it('tells other services of the account before it answers', async () => {
    const { user } = await kit.register('grace', { display_name: 'Grace Hopper' })
    expect(kit.announced.at(-1)).toEqual({
      id: user.id,
      username: 'grace',
      display_name: 'Grace Hopper',
      avatar_file_id: null,
      admin: false,
      disabled: false,
      permissions: {
        create_room: true,
        invite: true,
        remove_member: true,
        send_file: true,
        start_call: true,
      },
      version: 2,
    })
  })

  it('refuses a taken user name and a taken e-mail', async () => {
    await kit.register('mary', { email: 'mary@example.org' })
    expect(await codeOf(kit.register('mary'))).toBe('username_taken')
    expect(await codeOf(kit.register('mary2', { email: 'mary@example.org' }))).toBe('email_taken')
  })

  it('gives a name that ten ask for at once to exactly one', async () => {
    const codes = await Promise.all(Array.from({ length: 10 }, () => codeOf(kit.register('wanted'))))
    expect(codes.sort()).toEqual(['none', ...Array(9).fill('username_taken')])
  })

  it('refuses common passwords whatever their case, and leaves no account', async () => {
    for (const password of ['password', 'PassWord1', '12345678', 'qwertyui', 'iloveyou', '11111111']) {
      expect(await codeOf(kit.register('lazy', { password }))).toBe('password_too_common')
    }
    await kit.register('lazy')
  })

  it('hands out tokens of a day where the door asks for them', async () => {
    expect((await kit.register('daily', { lifetime: 'day' })).expires_in_seconds).toBe(86_400)
  })
})

describe('login', () => {
  it('takes user name or e-mail, whatever their case', async () => {
    const { user } = await kit.register('linus', { email: 'linus@example.org' })
    for (const name of ['linus', 'Linus', ' LINUS ', 'linus@example.org', 'Linus@Example.ORG']) {
      expect((await kit.login(name)).user).toEqual(user)
    }
  })

  it('answers alike for a wrong password, an unknown name and a name that cannot be stored', async () => {
    const messages = []
    for (const [name, password] of [
      ['linus', 'wrong password'],
      ['nobody-here', RIGHT_PASSWORD],
      ['nobody@example.org', RIGHT_PASSWORD],
      ['li\u0000nus', RIGHT_PASSWORD],
    ] as const) {
      const error = await kit.login(name, password).catch((reason: unknown) => reason)
      messages.push(String(error))
    }
    expect(new Set(messages)).toEqual(new Set(['ParleyError: The name or the password is wrong.']))
  })

  it('keeps at most a hundred devices of a user: the one used longest ago ends', async () => {
    const first = await kit.register('manydevices')
    for (let i = 0; i < 100; i++) {
      kit.clock.advance(30_000)
      await kit.login('manydevices')
    }
    const { devices } = await kit.auth.listDevices({ user: first.user.id, device: first.device })
    expect(devices).toHaveLength(100)
    expect(devices.some((device) => device.id === first.device)).toBe(false)
    expect(await codeOf(kit.auth.refresh({ refresh_token: first.refresh_token }))).toBe('unauthenticated')
  })
})

describe('changePassword', () => {
  it('demands the current one, refuses a common one, and then only the new one signs in', async () => {
    const me = await kit.register('rosa')
    const change = (current: string, next: string) =>
      kit.auth.changePassword({ user: me.user.id, device: me.device, current, next, address: '192.0.2.1' })
    expect(await codeOf(change('wrong', 'a brand new one'))).toBe('bad_credentials')
    expect(await codeOf(change(RIGHT_PASSWORD, 'Sunshine'))).toBe('password_too_common')
    await change(RIGHT_PASSWORD, 'a brand new one')
    expect(await codeOf(kit.login('rosa'))).toBe('bad_credentials')
    await kit.login('rosa', 'a brand new one')
  })

  it('leaves no session to a sign-in that was checked against the old one', async () => {
    const { user } = await kit.register('slowpoke')
    const device = {
      id: 'late-device',
      name: '',
      lifetime: 'short',
      refreshToken: newRefreshToken(),
      accessToken: '',
    } as const
    const { rows } = await kit.store.database.query<{ password_hash: string }>(
      'select password_hash from auth.account where id = $1',
      [user.id],
    )
    const insert = (passwordHash: string) =>
      insertDevice(kit.store.database, kit.clock.now(), { id: user.id, passwordHash }, device)
    expect(await insert('the hash of the old one')).toBe(false)
    expect(await insert(String(rows[0]?.password_hash))).toBe(true)
  })

  it('ends every other device and keeps this one', async () => {
    const me = await kit.register('olga')
    const other = await kit.login('olga')
    await kit.auth.changePassword({
      user: me.user.id,
      device: me.device,
      current: RIGHT_PASSWORD,
      next: 'another long one',
      address: '192.0.2.1',
    })
    const { devices } = await kit.auth.listDevices({ user: me.user.id, device: me.device })
    expect(devices.map((device) => [device.id, device.current])).toEqual([[me.device, true]])
    expect(await codeOf(kit.auth.refresh({ refresh_token: other.refresh_token }))).toBe('unauthenticated')
    await kit.auth.refresh({ refresh_token: me.refresh_token })
  })
})

describe('users', () => {
  it('are found by any part of either name, without accents and case, those that begin with it first', async () => {
    await kit.register('nguyen.an', { display_name: 'Nguyễn Ân' })
    await kit.register('tran.dang', { display_name: 'Trần Đặng Nguyên' })
    await kit.register('x_100', { display_name: '100% sure' })
    const search = async (query: string) =>
      (await kit.auth.searchUsers({ query, limit: 50 })).users.map((user) => user.username)
    expect(await search('NGUYEN')).toEqual(['nguyen.an', 'tran.dang'])
    expect(await search('đặng')).toEqual(['tran.dang'])
    expect(await search('dang ng')).toEqual(['tran.dang'])
    expect(await search('Nguye\u0302\u0303n a')).toEqual(['nguyen.an'])
    expect(await search('x_1')).toEqual(['x_100'])
    expect(await search('0%')).toEqual(['x_100'])
    expect(await search('n_n')).toEqual([])
    expect(await search('an ng')).toEqual([])
  })

  it('come in pages that together list each once', async () => {
    for (let i = 0; i < 5; i++) await kit.register(`paged${i}`)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await kit.auth.searchUsers({
        query: 'aged',
        limit: 2,
        ...(cursor === undefined ? {} : { cursor }),
      })
      seen.push(...page.users.map((user) => user.username))
      cursor = page.next
    } while (cursor !== undefined)
    expect(seen).toEqual(['paged0', 'paged1', 'paged2', 'paged3', 'paged4'])
    expect(await codeOf(kit.auth.searchUsers({ limit: 2, cursor: 'nonsense' }))).toBe('invalid_request')
  })

  it('are returned in the order of the ids, unknown ones left out', async () => {
    const one = await kit.register('ordered1')
    const two = await kit.register('ordered2')
    const { users } = await kit.auth.getUsers({ ids: [two.user.id, 'unknown', one.user.id] })
    expect(users).toEqual([two.user, one.user])
  })

  it('change their display name, and a newer record is told; an unchanged one is not', async () => {
    const { user } = await kit.register('renamed')
    const before = kit.announced.at(-1)
    const answer = await kit.auth.updateUser({ user: user.id, display_name: 'Reborn' })
    expect(answer.user.display_name).toBe('Reborn')
    const after = kit.announced.at(-1)
    expect(after?.display_name).toBe('Reborn')
    expect(after?.version).toBeGreaterThan(before?.version ?? Number.POSITIVE_INFINITY)
    const told = kit.announced.length
    await kit.auth.updateUser({ user: user.id, display_name: 'Reborn' })
    await kit.auth.updateUser({ user: user.id })
    expect(kit.announced).toHaveLength(told)
    expect(await codeOf(kit.auth.updateUser({ user: 'unknown', display_name: 'x' }))).toBe('not_found')
  })
})

describe('passwords', () => {
  it('has 3,000 common ones of at least eight characters', () => {
    const isCommon = loadCommonPasswords()
    for (const password of ['sunshine', 'princess', 'FOOTBALL', 'Password1', '88888888', 'qwertyui']) {
      expect(isCommon(password)).toBe(true)
    }
    expect(isCommon(RIGHT_PASSWORD)).toBe(false)
    expect(isCommon('')).toBe(false)
  })

  it('are right when composed differently and never without a stored hash', async () => {
    const passwords = createPasswords({ memoryKib: 8, passes: 1 })
    const stored = await passwords.hash('mật khẩu dài'.normalize('NFC'))
    expect(stored).toMatch(/^\$argon2id\$/)
    expect(await passwords.verify(stored, 'mật khẩu dài'.normalize('NFD'))).toBe(true)
    expect(await passwords.verify(stored, 'mat khau dai')).toBe(false)
    expect(await passwords.verify(undefined, 'anything')).toBe(false)
  })

  it('refuses with `overloaded` what would wait behind 256 others, and serves those', async () => {
    const passwords = createPasswords({ memoryKib: 8, passes: 1 })
    const codes = await Promise.all(Array.from({ length: 259 }, () => codeOf(passwords.hash('x'))))
    expect(codes.filter((code) => code === 'overloaded')).toHaveLength(1)
    expect(codes.filter((code) => code === 'none')).toHaveLength(258)
    expect(await codeOf(passwords.hash('x'))).toBe('none')
  })

  it('takes the same work for an unknown name as for a wrong password', async () => {
    const passwords = createPasswords({ memoryKib: 4_096, passes: 2 })
    const stored = await passwords.hash('right')
    const time = async (hash: string | undefined) => {
      const samples: number[] = []
      for (let i = 0; i < 15; i++) {
        const start = performance.now()
        await passwords.verify(hash, 'wrong')
        samples.push(performance.now() - start)
      }
      return Math.min(...samples)
    }
    await time(undefined)
    const [unknown, wrong] = [await time(undefined), await time(stored)]
    // The quickest of many: the machine's other work only ever adds. Skipping the hash would be a hundredth.
    expect(unknown).toBeGreaterThan(wrong / 2)
    expect(unknown).toBeLessThan(wrong * 2)
  })
})
