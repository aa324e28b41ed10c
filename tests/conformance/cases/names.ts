import { publicRoom } from '../lib/acts.ts'
import { at, equal, ok, show, str } from '../lib/asserts.ts'
import { done, invalid, refused } from '../lib/codes.ts'
import type { Context } from '../lib/context.ts'
import { unique } from '../lib/random.ts'
import { promise, type Topic } from '../lib/runner.ts'

const USER_NAME =
  '| user name | 3–32 of `a-z 0-9 _ . -`, case-folded, begins and ends with a letter or digit; no `@` |'
const NAMES =
  '| display name, room name | 1–80 characters, NFC, no control or bidirectional-override characters; names of public rooms are unique after case-folding; `join` and `join-notification` are reserved |'
const PASSWORD = '| password | 8–128 characters; the 3,000 most common are refused (`password_too_common`) |'

/** Control and bidirectional-override characters that no name may hold. */
const FORBIDDEN = [
  '\u0000',
  '\u0007',
  '\n',
  '\t',
  '\u001b',
  '\u007f',
  '\u0085',
  '\u202a',
  '\u202b',
  '\u202d',
  '\u202e',
  '\u2066',
  '\u2067',
  '\u2068',
  '\ud800',
  '\udc00',
]

function register(t: Context, username: unknown, password: unknown = `pw-${unique(12)}`, more = {}) {
  return t.as(undefined).post('/auth/register', { username, password, ...more })
}

export const names: Topic = {
  topic: 'Names and passwords',
  cases: [
    promise('user names of 3 and 32 characters are taken', USER_NAME, async (t) => {
      // Three characters hold 46,656 names; a taken one shows just as well that the length is accepted.
      const short = await register(t, unique(3))
      if (short.status !== 201) refused(short, 409, 'username_taken')
      const long = `${unique(10)}_.-${unique(19)}`
      equal(long.length, 32, 'length of the name')
      equal(at(done(await register(t, long), 201).body, 'user.username'), long, 'user.username')
    }),
    promise('user names of 2 and 33 characters are refused', USER_NAME, async (t) => {
      for (const bad of ['', unique(1), unique(2), unique(33).padEnd(33, 'x'), 'x'.repeat(5_000)])
        invalid(await register(t, bad), 'username')
    }),
    promise('user names with other characters or ends are refused', USER_NAME, async (t) => {
      const base = unique(8)
      const bad = [
        `${base}@x`,
        `a@${base}.example`,
        `${base} x`,
        `.${base}`,
        `${base}.`,
        `-${base}`,
        `${base}-`,
        `_${base}`,
        `${base}_`,
        `${base}é`,
        `${base}/x`,
        `${base}\u202ex`,
        `${base}\u0000x`,
        `${base}\ud800x`,
        `а${base}`,
        `${base}\u200bx`,
      ]
      for (const name of bad) invalid(await register(t, name), 'username')
    }),
    promise('a user name is folded, and its other spelling is taken', USER_NAME, async (t) => {
      const name = `mixed${unique(10)}`
      const spelled = name.toUpperCase()
      const password = `pw-${unique(12)}`
      equal(at(done(await register(t, spelled, password), 201).body, 'user.username'), name, 'user.username')
      refused(await register(t, name), 409, 'username_taken')
      refused(await register(t, `M${name.slice(1)}`), 409, 'username_taken')
      done(await t.as(undefined).post('/auth/login', { login: `Mi${name.slice(2)}`, password }), 200)
    }),
    promise('a user name of a wrong type is refused', USER_NAME, async (t) => {
      for (const bad of [null, 7, true, ['abc'], { a: 1 }, undefined])
        invalid(await register(t, bad), 'username')
    }),
    promise('passwords of 8 and 128 characters are taken, and sign in', PASSWORD, async (t) => {
      for (const password of [unique(8), `${'long enough! '.repeat(10)}`.slice(0, 128 - 8) + unique(8)]) {
        const username = `p${unique(12)}`
        done(await register(t, username, password), 201)
        done(await t.as(undefined).post('/auth/login', { login: username, password }), 200)
      }
    }),
    promise('passwords of 7 and 129 characters are refused', PASSWORD, async (t) => {
      for (const bad of ['', unique(7), unique(32).repeat(5).slice(0, 129), 'x'.repeat(20_000)]) {
        invalid(await register(t, `p${unique(12)}`, bad), 'password')
      }
    }),
    promise('common passwords are refused as such', PASSWORD, async (t) => {
      for (const common of [
        'password',
        '12345678',
        'password1',
        'football',
        'iloveyou',
        '123456789',
        'sunshine',
        'qwertyuiop',
      ]) {
        refused(await register(t, `p${unique(12)}`, common), 422, 'password_too_common')
      }
    }),
    promise('a refused registration stores nothing', PASSWORD, async (t) => {
      const username = `p${unique(12)}`
      refused(await register(t, username, 'password'), 422, 'password_too_common')
      done(await register(t, username), 201)
    }),
    promise('display names of 1 and 80 characters are taken', NAMES, async (t) => {
      const person = t.as(await t.person())
      for (const name of ['x', 'y'.repeat(80), 'Nguyễn Thị Ánh', '日本語', '🦜 Ann']) {
        const answer = done(await person.patch('/users/me', { display_name: name }), 200)
        equal(at(answer.body, 'user.display_name'), name, 'user.display_name')
      }
      const again = done(await person.get('/users/me'), 200)
      equal(at(again.body, 'user.display_name'), '🦜 Ann', 'the stored display_name')
    }),
    promise(
      'display names of 0 and 81 characters and with forbidden characters are refused',
      NAMES,
      async (t) => {
        const person = t.as(await t.person())
        const bad = ['', ' ', 'y'.repeat(81), ...FORBIDDEN.map((one) => `an${one}n`)]
        for (const name of bad)
          invalid(await person.patch('/users/me', { display_name: name }), 'display_name')
        invalid(await register(t, `d${unique(12)}`, undefined, { display_name: 'a\u202eb' }), 'display_name')
      },
    ),
    promise('names are kept in NFC', NAMES, async (t) => {
      const person = t.as(await t.person())
      const composed = 'Phở Bò'
      const answer = await person.patch('/users/me', { display_name: composed.normalize('NFD') })
      if (answer.status === 200)
        equal(str(answer.body, 'user.display_name'), composed.normalize('NFC'), 'user.display_name')
      else invalid(answer, 'display_name')
    }),
    promise('room names of 1 and 80 characters are taken', NAMES, async (t) => {
      const person = t.as(await t.person())
      const long = `${'r'.repeat(64)}${unique(16)}`
      equal((await publicRoom(person, long)).name, long, 'room.name')
      done(await person.post('/rooms', { kind: 'group', name: 'g', usernames: [] }), 201)
    }),
    promise(
      'room names of 0 and 81 characters and with forbidden characters are refused',
      NAMES,
      async (t) => {
        const person = t.as(await t.person())
        const bad = ['', '   ', 'r'.repeat(81), ...FORBIDDEN.map((one) => `ro${one}om ${unique(8)}`)]
        for (const kind of ['public', 'group']) {
          for (const name of bad) invalid(await person.post('/rooms', { kind, name, usernames: [] }), 'name')
        }
        invalid(await person.post('/rooms', { kind: 'public' }), 'name')
        const room = await publicRoom(person, t.name('Renamed'))
        for (const name of bad) invalid(await person.patch(`/rooms/${room.id}`, { name }), 'name')
      },
    ),
    promise('the name of a public room is unique after case-folding', NAMES, async (t) => {
      const [ann, bob] = await t.persons(2)
      const name = t.name('Größe Đà Lạt')
      await publicRoom(t.as(ann), name)
      for (const same of [name, name.toUpperCase(), name.toLowerCase(), name.normalize('NFD')]) {
        if (same.toLowerCase() !== name.toLowerCase() && same.normalize('NFC') !== name) continue
        const answer = await t.as(bob).post('/rooms', { kind: 'public', name: same })
        if (same.normalize('NFC') !== same && answer.status === 400) invalid(answer, 'name')
        else refused(answer, 409, 'room_name_taken')
      }
      const other = await publicRoom(t.as(bob), t.name('Other'))
      refused(
        await t.as(bob).patch(`/rooms/${other.id}`, { name: name.toLowerCase() }),
        409,
        'room_name_taken',
      )
      done(await t.as(bob).post('/rooms', { kind: 'group', name, usernames: [] }), 201)
    }),
    promise('`join` and `join-notification` are reserved', NAMES, async (t) => {
      const person = t.as(await t.person())
      for (const name of ['join', 'join-notification', 'JOIN', 'Join-Notification']) {
        const answer = await person.post('/rooms', { kind: 'public', name })
        refused(answer, [400, 409], ['invalid_request', 'room_name_taken', 'conflict'])
      }
    }),
    promise('the name of a registered person can be found as it was given', 'UTF-8', async (t) => {
      const display = 'Trần Đức 🎋'
      const answer = done(await register(t, `n${unique(12)}`, undefined, { display_name: display }), 201)
      equal(at(answer.body, 'user.display_name'), display, 'user.display_name')
      ok(
        /charset=utf-8|application\/json$/i.test(answer.headers['content-type'] ?? ''),
        `content-type ${show(answer.headers['content-type'])}`,
      )
    }),
  ],
}
