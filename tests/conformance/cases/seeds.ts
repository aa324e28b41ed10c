import { join, publicRoom, say } from '../lib/acts.ts'
import { at, equal, isObject, num, ok, oneOf, show, str } from '../lib/asserts.ts'
import { done, errorShape, invalid, refused } from '../lib/codes.ts'
import type { Context } from '../lib/context.ts'
import { jsonCall, type Person } from '../lib/people.ts'
import { clientId, unique } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'
import type { Frame, Wire } from '../lib/socket.ts'

const SIGNUP =
  '`POST /api/user/signup/` `{username, email, password}`, `POST /api/user/login/` `{username, password}` → `{…, "token": "<JWT>"}`; `POST /api/room/create/` `{name}`.'
const BOUNDS =
  "The bounds above hold here too (the seed's sample password `password` is refused as too common; its sample body with a trailing comma is invalid JSON)."
const JOIN =
  '`WS /ws/join/?name=ROOM` and `WS /ws/{room_name}`, `Authorization: Bearer` or cookie + Origin: joins the public room of that name'
const MESSAGE =
  'every message of the room, one\'s own too, arrives as `{"type":"message","id","room","username","content","timestamp"}` (ISO 8601); an error as `{"type":"error","code","message"}`'
const LEAVING =
  'Leaving the room elsewhere closes the socket; closing the socket ends the connection, not the membership.'
const NOTIFICATION =
  '`WS /ws/join-notification/`: `{"type":"notification","room","username","content","timestamp"}` for each message of others in my rooms.'
const DAY_SECONDS = 86_400

function post(t: Context, path: string, body: unknown, token?: string) {
  const call = jsonCall('POST', path, body)
  const auth: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return t.http.call({ ...call, headers: { ...call.headers, ...auth } })
}

/** A room whose name is a plain word, and a person who owns it. */
async function namedRoom(t: Context): Promise<{ ann: Person; bob: Person; name: string; id: string }> {
  const [ann, bob] = await t.persons(2)
  const name = `room_${unique(12)}`
  return { ann, bob, name, id: (await publicRoom(t.as(ann), name)).id }
}

function door(t: Context, person: Person, path: string): Promise<Wire> {
  return t.wire({ path, headers: { authorization: `Bearer ${person.token}` } })
}

function content(wire: Wire, type: string, text: string): Promise<Frame> {
  return wire.next(`the ${type} "${text}"`, (frame) => frame.type === type && frame.content === text)
}

/**
 * A door of a room, entered: these doors have no `ready`, but once one's own message came back one is in, and what
 * others send from then on arrives.
 */
async function enter(t: Context, person: Person, path: string): Promise<Wire> {
  const wire = await door(t, person, path)
  const text = `here I am ${unique(8)}`
  wire.send({ type: 'message', content: text })
  await content(wire, 'message', text)
  return wire
}

/** Sends to the room until the listening door tells of it: nothing says when it has begun to listen. */
async function heard(t: Context, wire: Wire, sender: Person, room: string): Promise<Frame> {
  for (let attempt = 0; ; attempt += 1) {
    const text = `for you ${unique(8)}`
    await say(t.as(sender), room, text)
    const match = (frame: Frame) => frame.type === 'notification' && frame.content === text
    const told = wire.next(`the notification "${text}"`, match, { withinMs: 500 })
    if (attempt >= 9) return await told
    const frame = await told.catch(() => undefined)
    if (frame !== undefined) return frame
  }
}

function isIso(value: unknown): void {
  const text = str(value)
  ok(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text), `not an ISO 8601 time: ${text}`)
}

/** A door that lets nobody in: refused, or an error and a close. */
async function keptOut(t: Context, path: string, headers: Record<string, string>): Promise<void> {
  const dialled = await t.dial({ path, headers })
  if ('refusedWith' in dialled)
    return oneOf(dialled.refusedWith, [400, 401, 403, 404], 'status of the refused upgrade')
  await dialled.wire.closed()
  ok(
    !dialled.wire.frames.some((frame) => frame.type === 'message'),
    'a message through a door that should be closed',
  )
}

export const seeds: Topic = {
  topic: 'Doors of the seeds',
  cases: [
    promise('signup, login and room creation work as the seed calls them', SIGNUP, async (t) => {
      const username = `s${unique(12)}`
      const password = `pw-${unique(12)}`
      const signup = await post(t, '/api/user/signup/', {
        username,
        email: `${username}@example.test`,
        password,
      })
      oneOf(signup.status, [200, 201], `status (answer ${show(signup.text)})`)
      const login = await post(t, '/api/user/login/', { username, password })
      const token = str(done(login, 200).body, 'token')
      const name = `room_${unique(12)}`
      const room = await post(t, '/api/room/create/', { name }, token)
      oneOf(room.status, [200, 201], `status (answer ${show(room.text)})`)
      const me = await t.http.call({
        method: 'GET',
        path: '/api/v1/users/me',
        headers: { authorization: `Bearer ${token}` },
      })
      equal(at(done(me, 200).body, 'user.username'), username, 'user.username')
      const found = await t.as(await t.person()).get(`/rooms/search?query=${name}`)
      equal(at(found.body, 'rooms.0.name'), name, 'the name of the room found')
    }),
    promise('a token of these doors lives 24 h', 'tokens from here live 24 h', async (t) => {
      const { username, password } = await t.person()
      const token = str(done(await post(t, '/api/user/login/', { username, password }), 200).body, 'token')
      const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
      const seconds = num(claims, 'exp') - Date.now() / 1_000
      ok(Math.abs(seconds - DAY_SECONDS) < 300, `the token lives ${Math.round(seconds)} s`)
    }),
    promise(
      'the sample password is too common, the trailing comma is no JSON, and the bounds hold',
      BOUNDS,
      async (t) => {
        const username = `s${unique(12)}`
        const email = `${username}@example.test`
        refused(
          await post(t, '/api/user/signup/', { username, email, password: 'password' }),
          422,
          'password_too_common',
        )
        invalid(
          await post(t, '/api/user/signup/', { username: 'x', email, password: `pw-${unique(12)}` }),
          'username',
        )
        invalid(await post(t, '/api/user/signup/', { username, email, password: 'short' }), 'password')
        const { token } = await t.person()
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
        const body = '{\n"name": "room_name",\n}'
        refused(
          await t.http.call({ method: 'POST', path: '/api/room/create/', headers, body }),
          400,
          'invalid_json',
        )
        for (const name of ['', 'r'.repeat(81), 'a\u202eb', 7])
          invalid(await post(t, '/api/room/create/', { name }, token), 'name')
        refused(
          await post(t, '/api/room/create/', { name: 'join' }, token),
          [400, 409],
          ['invalid_request', 'room_name_taken', 'conflict'],
        )
      },
    ),
    promise('wrong credentials, no token and taken names are refused', BOUNDS, async (t) => {
      const { ann, name } = await namedRoom(t)
      refused(
        await post(t, '/api/user/login/', { username: ann.username, password: 'wrong password' }),
        401,
        'bad_credentials',
      )
      const again = {
        username: ann.username,
        email: `${unique(12)}@example.test`,
        password: `pw-${unique(12)}`,
      }
      refused(await post(t, '/api/user/signup/', again), 409, 'username_taken')
      refused(await post(t, '/api/room/create/', { name: `room_${unique(12)}` }), 401, 'unauthenticated')
      refused(
        await post(t, '/api/room/create/', { name: name.toUpperCase() }, ann.token),
        409,
        'room_name_taken',
      )
    }),
    promise('/ws/join/?name= and /ws/{room_name} join the room and talk', JOIN, async (t) => {
      const { ann, bob, name, id } = await namedRoom(t)
      const cat = await t.person()
      const wires = [
        await enter(t, ann, `/ws/${name}`),
        await enter(t, bob, `/ws/join/?name=${name}`),
        await enter(t, cat, `/ws/${name}`),
      ]
      const text = `hello ${unique(8)}`
      wires[1]?.send({ type: 'message', content: text })
      for (const wire of wires) {
        const frame = await content(wire, 'message', text)
        equal([frame.username, frame.room], [bob.username, name], 'username and room')
        ok(typeof frame.id === 'string' || typeof frame.id === 'number', `id ${show(frame.id)}`)
        isIso(frame.timestamp)
      }
      const stored = done(await t.as(cat).get(`/rooms/${id}/messages?limit=1`), 200)
      equal(
        [at(stored.body, 'messages.0.body'), at(stored.body, 'messages.0.from')],
        [text, bob.id],
        'the stored message',
      )
    }),
    promise('a room name with spaces and accents works in both doors', JOIN, async (t) => {
      const ann = await t.person()
      const name = t.name('Phòng trà')
      await publicRoom(t.as(ann), name)
      for (const path of [`/ws/${encodeURIComponent(name)}`, `/ws/join/?name=${encodeURIComponent(name)}`]) {
        const wire = await door(t, ann, path)
        const text = `chào ${unique(8)}`
        wire.send({ type: 'message', content: text })
        equal((await content(wire, 'message', text)).room, name, 'room')
      }
    }),
    promise(
      'these doors and the new socket are one room',
      'Thin translations onto the same services',
      async (t) => {
        const { ann, bob, name, id } = await namedRoom(t)
        const wire = await enter(t, bob, `/ws/${name}`)
        const link = await t.connect(ann)
        wire.send({ type: 'message', content: 'from the old door' })
        await link.push(
          'entry',
          'from the old door',
          (frame) => frame.room === id && frame.body === 'from the old door',
        )
        await link.ok('send', { room: id, client_id: clientId(), body: 'from the new door' })
        equal((await content(wire, 'message', 'from the new door')).username, ann.username, 'username')
      },
    ),
    promise('what is no message gets an error, and the socket goes on', MESSAGE, async (t) => {
      const { ann, name } = await namedRoom(t)
      const wire = await door(t, ann, `/ws/${name}`)
      for (const bad of [
        'nonsense',
        '[]',
        { type: 'message' },
        { type: 'message', content: '' },
        { type: 'message', content: 'y'.repeat(8_001) },
        { type: 'dance' },
        { type: 'message', content: 'a\u0000' },
      ]) {
        const since = wire.frames.length
        wire.send(bad)
        const frame = await wire.next(`an error for ${show(bad, 80)}`, (one) => one.type === 'error', {
          since,
        })
        str(frame, 'code')
        str(frame, 'message')
      }
      const text = `still here ${unique(8)}`
      wire.send({ type: 'message', content: text })
      await content(wire, 'message', text)
    }),
    promise('an unknown room, a group and a missing token are kept out', JOIN, async (t) => {
      const { ann, bob, name } = await namedRoom(t)
      const secret = `group_${unique(12)}`
      done(await t.as(ann).post('/rooms', { kind: 'group', name: secret, usernames: [] }), 201)
      const auth = { authorization: `Bearer ${bob.token}` }
      for (const path of [
        `/ws/none_${unique(12)}`,
        `/ws/join/?name=none_${unique(12)}`,
        '/ws/join/',
        '/ws/join/?name=',
        `/ws/${secret}`,
      ])
        await keptOut(t, path, auth)
      for (const path of [`/ws/${name}`, `/ws/join/?name=${name}`, '/ws/join-notification/']) {
        await keptOut(t, path, {})
        await keptOut(t, path, { authorization: 'Bearer nonsense' })
        await keptOut(t, path, { cookie: bob.cookies, origin: 'https://evil.example' })
        await keptOut(t, `${path}${path.includes('?') ? '&' : '?'}token=${bob.token}`, {})
      }
      equal((await t.as(bob).get(`/rooms/search?query=${name}`)).status, 200, 'status')
    }),
    promise(
      'the cookie with the allowed Origin opens the doors',
      '`Authorization: Bearer` or cookie + Origin',
      async (t) => {
        const { ann, name } = await namedRoom(t)
        const wire = await t.wire({
          path: `/ws/${name}`,
          headers: { cookie: ann.cookies, origin: t.target.origin },
        })
        const text = `by cookie ${unique(8)}`
        wire.send({ type: 'message', content: text })
        await content(wire, 'message', text)
      },
    ),
    promise('leaving the room elsewhere closes the socket', LEAVING, async (t) => {
      const { ann, bob, name, id } = await namedRoom(t)
      const cat = await t.person()
      const [left, removed] = await Promise.all([enter(t, bob, `/ws/${name}`), enter(t, cat, `/ws/${name}`)])
      done(await t.as(bob).post(`/rooms/${id}/leave`), 204)
      done(await t.as(ann).delete(`/rooms/${id}/members/${cat.id}`), 204)
      await say(t.as(ann), id, 'behind your back')
      await Promise.all([left.closed(), removed.closed()])
      for (const wire of [left, removed])
        ok(!show(wire.frames, 10_000).includes('behind your back'), 'a message after leaving')
    }),
    promise('closing the socket does not end the membership', LEAVING, async (t) => {
      const { ann, bob, name, id } = await namedRoom(t)
      const wire = await enter(t, bob, `/ws/join/?name=${name}`)
      await wire.end()
      await say(t.as(ann), id, 'later')
      equal(
        (await t.as(bob).get(`/rooms/${id}/messages`)).status,
        200,
        'status for a member whose socket is closed',
      )
      const again = await door(t, bob, `/ws/${name}`)
      again.send({ type: 'message', content: 'back again' })
      await content(again, 'message', 'back again')
    }),
    promise('join-notification tells of the messages of others in my rooms', NOTIFICATION, async (t) => {
      const { ann, bob, name, id } = await namedRoom(t)
      await join(t.as(bob), id)
      const wire = await door(t, bob, '/ws/join-notification/')
      const frame = await heard(t, wire, ann, id)
      await say(t.as(bob), id, 'my own')
      await heard(t, wire, ann, id)
      equal([frame.room, frame.username], [name, ann.username], 'room and username')
      isIso(frame.timestamp)
      ok(!wire.frames.some((one) => one.content === 'my own'), 'a notification of my own message')
      done(await t.as(ann).delete(`/rooms/${id}/members/${bob.id}`), 204)
      await say(t.as(ann), id, 'behind your back')
      await t.pause(300)
      ok(!show(wire.frames, 10_000).includes('behind your back'), 'a notification after the removal')
    }),
    promise('join-notification covers rooms joined while it is open', NOTIFICATION, async (t) => {
      const { ann, bob, id } = await namedRoom(t)
      const wire = await door(t, bob, '/ws/join-notification/')
      await join(t.as(bob), id)
      await heard(t, wire, ann, id)
    }),
    promise(
      'errors of these doors have the shape of all errors',
      'Thin translations onto the same services',
      async (t) => {
        const answers = [
          await post(t, '/api/user/signup/', {}),
          await post(t, '/api/user/login/', {}),
          await post(t, '/api/room/create/', {}),
        ]
        for (const answer of answers) {
          ok(answer.status >= 400 && answer.status < 500 && isObject(answer.body), `status ${answer.status}`)
          errorShape(answer)
        }
      },
    ),
  ],
}
