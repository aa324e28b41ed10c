import { groupOf, join, pair, publicRoom, say } from '../lib/acts.ts'
import { at, equal, list, ok, oneOf, str } from '../lib/asserts.ts'
import { done } from '../lib/codes.ts'
import { bearer, type Context } from '../lib/context.ts'
import type { Person } from '../lib/people.ts'
import { promise, type Topic } from '../lib/runner.ts'
import * as shape from '../lib/shapes.ts'
import type { Link } from '../lib/socket.ts'

const DELTA =
  '`delta` lists the rooms that changed since `resume` (perhaps more, never fewer) and, in `gone`, those left, lost or deleted. The server says honestly which of the two it sent.'
const PING = '| `ping` | | `cursor` |'

function idsIn(link: Link): string[] {
  return list(link.ready, 'rooms').map((one) => shape.room(one).id)
}

/** A fresh cursor of this server: anything but a delta would make every case of this topic empty. */
function isDelta(link: Link): void {
  equal(link.ready.mode, 'delta', 'mode when resuming with a fresh cursor')
}

/** Perhaps more than since the cursor: what this person left in an earlier case may be told again, but nothing else. */
async function isNotMine(t: Context, person: Person, gone: readonly unknown[]): Promise<void> {
  for (const id of gone) {
    const { status, body } = await t.as(person).get(`/rooms/${id}`)
    if (status !== 200) equal(status, 404, `status of a room in gone`)
    else ok(shape.room(at(body, 'room')).me === undefined, `a room of mine is in gone: ${id}`)
  }
}

export const socketResume: Topic = {
  topic: 'Socket: resume',
  cases: [
    promise('a delta lists the rooms that changed', DELTA, async (t) => {
      const { ann, bob, room } = await pair(t)
      const before = await t.connect(bob)
      const cursor = str(before.ready, 'cursor')
      await before.end()
      const { seq } = await say(t.as(ann), room, 'while you were away')
      const after = await t.connect(bob, { resume: cursor })
      isDelta(after)
      const found = list(after.ready, 'rooms')
        .map(shape.room)
        .find((one) => one.id === room)
      equal([found?.head_seq, found?.me?.unread], [seq, 1], 'head_seq and unread of the room that changed')
      await isNotMine(t, bob, list(after.ready, 'gone'))
      const answer = await after.ok('log', { rooms: [{ room, after: seq - 1 }] })
      equal(
        list(answer, 'rooms.0.entries').map((one) => shape.entry(one).seq),
        [seq],
        'what was missed',
      )
    }),
    promise('a delta lists new rooms, and in `gone` those left, lost or deleted', DELTA, async (t) => {
      const [ann, bob] = await t.persons(2)
      const actor = t.as(ann)
      const left = await publicRoom(actor, t.name('Left'))
      await join(t.as(bob), left.id)
      const lost = await groupOf(actor, t.name('Lost'), [bob])
      const deleted = await groupOf(actor, t.name('Deleted'), [bob])
      const before = await t.connect(bob)
      const cursor = str(before.ready, 'cursor')
      await before.end()
      done(await t.as(bob).post(`/rooms/${left.id}/leave`), 204)
      done(await actor.delete(`/rooms/${lost.id}/members/${bob.id}`), 204)
      oneOf((await actor.delete(`/rooms/${deleted.id}`)).status, [200, 204], 'status')
      const fresh = await groupOf(actor, t.name('Fresh'), [bob])
      const after = await t.connect(bob, { resume: cursor })
      isDelta(after)
      const gone = list(after.ready, 'gone')
      for (const room of [left, lost, deleted]) {
        ok(gone.includes(room.id), `${room.name} is not in gone`)
        ok(!idsIn(after).includes(room.id), `${room.name} is listed`)
      }
      ok(idsIn(after).includes(fresh.id), 'the new room is not listed')
    }),
    promise('a room left and joined again is listed, not gone', DELTA, async (t) => {
      const [ann, bob] = await t.persons(2)
      const { id } = await publicRoom(t.as(ann), t.name('Back'))
      await join(t.as(bob), id)
      const cursor = str((await t.connect(bob)).ready, 'cursor')
      done(await t.as(bob).post(`/rooms/${id}/leave`), 204)
      await join(t.as(bob), id)
      const after = await t.connect(bob, { resume: cursor })
      isDelta(after)
      ok(
        idsIn(after).includes(id) && !list(after.ready, 'gone').includes(id),
        'the room is gone or not listed',
      )
    }),
    promise('an edit, a deletion, a rename and a role count as changes', DELTA, async (t) => {
      const { ann, bob, room } = await pair(t)
      const actor = t.as(ann)
      const { seq } = await say(actor, room, 'text')
      const steps = [
        () => actor.patch(`/rooms/${room}/messages/${seq}`, { body: 'edited' }),
        () => actor.delete(`/rooms/${room}/messages/${seq}`),
        () => actor.patch(`/rooms/${room}`, { name: t.name('Renamed') }),
        () => actor.patch(`/rooms/${room}/members/${bob.id}`, { role: 'admin' }),
      ]
      let cursor = str((await t.connect(bob)).ready, 'cursor')
      for (const step of steps) {
        done(await step(), 200)
        const link = await t.connect(bob, { resume: cursor })
        isDelta(link)
        ok(idsIn(link).includes(room), `the changed room is not listed`)
        cursor = str(link.ready, 'cursor')
      }
    }),
    promise(
      'resume works in the auth frame',
      '`{"t":"auth","token":"…","device"?:"…","resume"?:"…"}`',
      async (t) => {
        const { ann, bob, room } = await pair(t)
        const cursor = str((await t.connect(bob)).ready, 'cursor')
        await say(t.as(ann), room, 'missed')
        const link = await t.connect(bob, { resume: cursor, how: 'frame' })
        isDelta(link)
        ok(idsIn(link).includes(room), 'the changed room is not listed')
      },
    ),
    promise('the cursor of a ping never skips what was not pushed', PING, async (t) => {
      const { ann, bob, room } = await pair(t)
      const link = await t.connect(bob)
      for (let n = 0; n < 5; n += 1) {
        const [sent, answer] = await Promise.all([say(t.as(ann), room, `race ${n}`), link.ok('ping')])
        const wasPushed = link.pushes('entry').some((frame) => frame.room === room && frame.seq === sent.seq)
        const again = await t.connect(bob, { resume: str(answer, 'cursor') })
        isDelta(again)
        ok(wasPushed || idsIn(again).includes(room), `entry ${sent.seq} is neither pushed nor in the delta`)
        await again.end()
      }
    }),
    promise('a cursor nobody gave out gets an honest snapshot', DELTA, async (t) => {
      const { bob, room } = await pair(t)
      for (const resume of [
        'nonsense',
        '0',
        '1.99999999999999999999',
        '-1',
        'x'.repeat(200),
        '\u0000',
        'é',
      ]) {
        const path = `/ws?resume=${encodeURIComponent(resume)}`
        const dialled = await t.dial({ path, headers: bearer(bob) })
        if ('refusedWith' in dialled) {
          equal(dialled.refusedWith, 400, 'status of the refused upgrade')
          continue
        }
        const ready = await dialled.wire.next('`ready`', (frame) => frame.t === 'ready')
        equal(ready.mode, 'snapshot', `mode with the cursor ${resume}`)
        ok(
          list(ready, 'rooms').some((one) => shape.room(one).id === room),
          'a snapshot without my room',
        )
        await dialled.wire.end()
      }
    }),
    promise('the cursor of one person shows another nothing foreign', DELTA, async (t) => {
      const { ann, bob, room } = await pair(t)
      const eve = await t.person()
      const cursor = str((await t.connect(bob)).ready, 'cursor')
      await say(t.as(ann), room, 'private')
      const link = await t.connect(eve, { resume: cursor })
      ok(!idsIn(link).includes(room) && !list(link.ready, 'gone').includes(room), 'a foreign room')
    }),
    promise('two sockets may resume from one cursor', DELTA, async (t) => {
      const { ann, bob, room } = await pair(t)
      const cursor = str((await t.connect(bob)).ready, 'cursor')
      await say(t.as(ann), room, 'missed')
      const links = await Promise.all([
        t.connect(bob, { resume: cursor }),
        t.connect(bob, { resume: cursor }),
      ])
      for (const link of links) ok(idsIn(link).includes(room), 'the changed room is not listed')
    }),
  ],
}
