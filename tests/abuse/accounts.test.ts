import { beforeAll, describe, expect, test } from 'vitest'
import { assertUnhurt, attackedServer, setupCode } from './lib/attacked.ts'
import {
  type Answer,
  ask,
  expectStatus,
  type Json,
  newAddress,
  newName,
  openRoom,
  PASSWORD,
  type Person,
  signUp,
} from './lib/people.ts'

const server = attackedServer()
let mallory: Person

beforeAll(async () => {
  mallory = await signUp(server, 'mallory')
})

function guess(login: string, address: string, password = 'not the password'): Promise<Answer> {
  return ask(server, 'POST', '/auth/login', { body: { login, password }, address })
}

const withoutId = ({ status, body }: Answer) => ({
  status,
  error: { ...(body.error as Json), request_id: '' },
})

describe('guessing', () => {
  test('an unknown user and a wrong password are answered alike and in the same time', async () => {
    const email = `${newName('mail')}@example.com`
    const victim = await signUp(server, 'victim', { email })
    const kinds = [
      { name: () => victim.username, took: [] as number[] },
      { name: () => newName('nobody'), took: [] as number[] },
      { name: () => email, took: [] as number[] },
      { name: () => `${newName('no')}@example.com`, took: [] as number[] },
    ]
    const answers = new Set<string>()
    // Taken in turns, so that whatever else the machine does falls on all of them.
    for (let turn = 0; turn < 12; turn++) {
      for (const kind of kinds) {
        const startedAt = performance.now()
        const answer = await guess(kind.name(), newAddress())
        kind.took.push(performance.now() - startedAt)
        answers.add(JSON.stringify(withoutId(answer)))
      }
    }
    expect([...answers]).toHaveLength(1)
    // The quickest answer of each is what the work takes; all others hold what else the machine did meanwhile.
    const quickest = kinds.map(({ took }) => Math.min(...took))
    expect(Math.max(...quickest) / Math.min(...quickest)).toBeLessThan(2)
  })

  test('who guesses from one address is stopped, by account and over all accounts', async () => {
    const victim = await signUp(server, 'victim')
    const address = newAddress()
    const tries = await Promise.all(Array.from({ length: 40 }, () => guess(victim.username, address)))
    expect(tries.filter((answer) => answer.status === 429).length).toBeGreaterThanOrEqual(19)
    expect(tries.find((answer) => answer.status === 429)?.headers.get('retry-after')).toMatch(/^\d+$/)
    // Then even the right password is not told from a wrong one.
    expect((await guess(victim.username, address, PASSWORD)).status).toBe(429)

    const sprayer = newAddress()
    const sprayed = await Promise.all(Array.from({ length: 130 }, () => guess(newName('any'), sprayer)))
    expect(sprayed.filter((answer) => answer.status === 429).length).toBeGreaterThan(20)
  })

  test('aliases of a name and the older door do not give further tries', async () => {
    const email = `${newName('mail')}@example.com`
    const victim = await signUp(server, 'victim', { email })
    const address = newAddress()
    const spellings: Json[] = [
      { login: victim.username },
      { login: victim.username.toUpperCase() },
      { login: ` ${victim.username} ` },
      { username: victim.username },
      { email },
      { login: email.toUpperCase() },
    ]
    const tries = await Promise.all(
      Array.from({ length: 36 }, (_, turn) =>
        ask(server, 'POST', turn % 2 === 0 ? '/auth/login' : '//api/user/login/', {
          body: { ...spellings[turn % spellings.length], password: 'not the password' },
          address,
        }),
      ),
    )
    expect(tries.filter((answer) => answer.status === 401).length).toBeLessThanOrEqual(21)
    const change = await victim.ask('POST', '/auth/password', {
      body: { current: 'not the password', next: `${PASSWORD} 2` },
      address,
    })
    expect(change.status).toBe(429)
  })

  test('a whole network of IPv6 addresses is one guesser', async () => {
    const victim = await signUp(server, 'victim')
    const tries = await Promise.all(
      Array.from({ length: 30 }, (_, host) =>
        guess(victim.username, `2001:db8:7:7:${host.toString(16)}::${host.toString(16)}`),
      ),
    )
    expect(tries.filter((answer) => answer.status === 429).length).toBeGreaterThanOrEqual(9)
  })

  test('guesses from everywhere at once do not keep the owner out', async () => {
    const victim = await signUp(server, 'victim')
    const addresses = Array.from({ length: 6 }, newAddress)
    const guesses = addresses.flatMap((address) =>
      Array.from({ length: 8 }, () => guess(victim.username, address)),
    )
    const startedAt = performance.now()
    const known = await guess(victim.username, victim.address, PASSWORD)
    expect(known.status).toBe(200)
    const elsewhere = await guess(victim.username, newAddress(), PASSWORD)
    expect(elsewhere.status).toBe(200)
    // Two seconds of slowing down, and the queue of hashes.
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    await Promise.all(guesses)
  })

  test('an address one invents is not believed where no proxy is trusted', async () => {
    // This server trusts the proxy beside it; what that proxy was told by others it does not.
    const victim = await signUp(server, 'victim')
    const real = newAddress()
    const tries = await Promise.all(
      Array.from({ length: 30 }, () => guess(victim.username, `${newAddress()}, ${real}`)),
    )
    expect(tries.filter((answer) => answer.status === 429).length).toBeGreaterThanOrEqual(9)
  })
})

describe('flooding', () => {
  test('one address cannot make accounts without end, and others still can', async () => {
    const address = newAddress()
    const answers: Answer[] = []
    // A name that is taken costs the server no hash, and the attacker a registration all the same.
    const body = { username: mallory.username, password: PASSWORD }
    for (let round = 0; round < 5; round++) {
      answers.push(
        ...(await Promise.all(
          Array.from({ length: 60 }, () => ask(server, 'POST', '/auth/register', { body, address })),
        )),
      )
    }
    const refused = answers.filter((answer) => answer.status === 429)
    expect(refused.length).toBeGreaterThan(50)
    expect(refused[0]?.headers.get('retry-after')).toMatch(/^\d+$/)
    await signUp(server, 'somebody')
  })

  test('passwords that are costly to fold or to hash are refused before they cost', async () => {
    const startedAt = performance.now()
    for (const password of ['\ufdfa'.repeat(60_000 / 3), 'x'.repeat(60_000), '😀'.repeat(129)]) {
      const body = { username: newName('costly'), password }
      const answer = await ask(server, 'POST', '/auth/register', { body, address: newAddress() })
      expect([400, 413]).toContain(answer.status)
    }
    expect(performance.now() - startedAt).toBeLessThan(1_000)
  })
})

describe('climbing', () => {
  test('the setup code is not guessed, serves once, and is not told to anybody', async () => {
    const climber = await signUp(server, 'climber')
    const code = await setupCode(server)
    const wrong = ['', 'a', '0'.repeat(20), '%', '_____-_____-_____-_____', "' or '1'='1", code.slice(0, -1)]
    for (const one of wrong) {
      expect((await climber.ask('POST', '/admin/setup', { body: { code: one } })).code, one).toBe('forbidden')
    }
    const flood = await Promise.all(
      Array.from({ length: 20 }, (_, turn) =>
        climber.ask('POST', '/admin/setup', { body: { code: `${turn}`.padStart(20, '0') } }),
      ),
    )
    expect(flood.filter((answer) => answer.status === 429).length).toBeGreaterThan(15)

    // Ten come with the right one at the same moment.
    const people = await Promise.all(Array.from({ length: 10 }, () => signUp(server, 'lucky')))
    const claims = await Promise.all(
      people.map((person) => person.ask('POST', '/admin/setup', { body: { code } })),
    )
    expect(claims.filter((answer) => answer.status === 204)).toHaveLength(1)
    const admins = await Promise.all(people.map((person) => person.ask('GET', '/users/me')))
    expect(admins.filter((answer) => answer.body.admin === true)).toHaveLength(1)
  })

  test('what a body says beyond the contract changes nothing', async () => {
    const address = newAddress()
    const extra = {
      admin: true,
      role: 'admin',
      id: 'root',
      user: mallory.id,
      disabled: false,
      version: 99,
      lifetime: 'day',
      permissions: { create_room: true },
      password_hash: 'x',
      created_at: 0,
    }
    const body = { username: newName('mass'), password: PASSWORD, ...extra }
    const made = expectStatus(await ask(server, 'POST', '/auth/register', { body, address }), 201)
    expect((made.user as Json).id).not.toBe('root')
    expect(made.expires_in).toBe(600)
    const token = String(made.access_token)
    const change = { display_name: 'Mass', username: 'root', ...extra }
    const changed = await ask(server, 'PATCH', '/users/me', { token, body: change, address })
    expect(changed.body.user).toEqual({ ...(made.user as Json), display_name: 'Mass' })
    expect((await ask(server, 'GET', '/users/me', { token, address })).body.admin).toBe(false)

    const room = await mallory.ask('POST', '/rooms', {
      body: {
        kind: 'public',
        name: newName('mass'),
        owner_id: 'x',
        id: 'mine',
        head_seq: 50,
        me: { role: 'reader' },
      },
    })
    const made2 = room.body.room as Json
    expect(made2).toMatchObject({ owner_id: mallory.id, head_seq: 1, me: { role: 'owner' } })
    const other = await signUp(server, 'other')
    await other.ask('POST', `/rooms/${made2.id}/join`)
    const said = await other.ask('POST', `/rooms/${made2.id}/messages`, {
      body: {
        client_id: newName('client'),
        body: 'x',
        from: mallory.id,
        user: mallory.id,
        seq: 40,
        at: 1,
        kind: 'role',
      },
    })
    expect(said.body.entry).toMatchObject({ from: other.id, seq: 3, kind: 'message' })
    expect(
      (await other.ask('PATCH', `/rooms/${made2.id}`, { body: { owner_id: other.id, name: 'x' } })).code,
    ).toBe('forbidden')
  })

  test('nobody gives themselves a role, a permission or an office', async () => {
    const owner = await signUp(server, 'owner')
    const room = await openRoom(owner, {})
    await mallory.ask('POST', `/rooms/${room}/join`)
    const me = `/rooms/${room}/members/${mallory.id}`
    for (const role of ['owner', 'admin']) {
      expect((await mallory.ask('PATCH', me, { body: { role } })).code).toBe('forbidden')
    }
    await owner.ask('PATCH', me, { body: { role: 'admin' } })
    // An administrator of a room is not its owner, and touches none of the same rank.
    const attempts: [method: string, path: string, body?: unknown][] = [
      ['PATCH', me, { role: 'owner' }],
      ['PATCH', `/rooms/${room}/members/${owner.id}`, { role: 'reader' }],
      ['DELETE', `/rooms/${room}/members/${owner.id}`],
      ['POST', `/rooms/${room}/bans`, { user_id: owner.id }],
      ['DELETE', `/rooms/${room}`],
      ['PATCH', `/users/${mallory.id}/permissions`, { permissions: { create_room: true } }],
      ['PATCH', '/admin/permissions', { permissions: { create_room: false } }],
      ['PUT', `/users/${owner.id}/disabled`],
      ['DELETE', `/users/${owner.id}/disabled`],
    ]
    for (const [method, path, body] of attempts)
      expect((await mallory.ask(method, path, { body })).code, `${method} ${path}`).toBe('forbidden')
  })

  test('no spelling of a name is a second account or a prototype', async () => {
    const { username } = await signUp(server, 'admin')
    const taken = [username.toUpperCase(), username.replace('a', 'A'), username.replace('i', 'I')]
    for (const name of taken) {
      const answer = await ask(server, 'POST', '/auth/register', {
        body: { username: name, password: PASSWORD },
        address: newAddress(),
      })
      expect(answer.code, name).toBe('username_taken')
    }
    const odd = [
      username.replace('a', '\u0430'),
      username.replace('a', '\uff41'),
      `${username}\u200d`,
      `${username}\u{e0061}`,
      `\u202e${username}`,
      `${username} `,
      `${username}\n`,
      `${username}\0`,
      'i\u0307stanbul',
      '__proto__',
      '../admin',
      'a@b.example',
    ]
    for (const name of odd) {
      const answer = await ask(server, 'POST', '/auth/register', {
        body: { username: name, password: PASSWORD },
        address: newAddress(),
      })
      expect(answer.code, JSON.stringify(name)).toBe('invalid_request')
    }
    // Names that mean something to the language are names like others here.
    for (const name of ['constructor', 'tostring', 'hasownproperty']) {
      const answer = await ask(server, 'POST', '/auth/register', {
        body: { username: name, password: PASSWORD },
        address: newAddress(),
      })
      expect((answer.body.user as Json).username).toBe(name)
    }
    const room = await openRoom(mallory, { kind: 'group', usernames: ['constructor', 'tostring'] })
    const members = await mallory.ask('GET', `/rooms/${room}/members`)
    expect(members.body.members).toHaveLength(3)
  })

  test('an e-mail address belongs to one account, is shown to nobody and found by nobody', async () => {
    const email = `${newName('private')}@example.com`
    const owner = await signUp(server, 'owner', { email })
    for (const spelling of [email, email.toUpperCase(), ` ${email} `]) {
      const answer = await ask(server, 'POST', '/auth/register', {
        body: { username: newName('thief'), password: PASSWORD, email: spelling },
        address: newAddress(),
      })
      expect(answer.code, spelling).toBe('email_taken')
    }
    const local = email.split('@')[0] ?? ''
    for (const path of [
      `/users?query=${local}`,
      `/users/${owner.id}`,
      `/users?ids=${owner.id}`,
      '/users?online=1',
    ]) {
      expect((await mallory.ask('GET', path)).text, path).not.toContain(local)
    }
    await assertUnhurt(server)
  })
})
