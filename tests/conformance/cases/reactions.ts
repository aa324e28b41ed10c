import { messageOf, pair, roomOf, say } from '../lib/acts.ts'
import { at, equal, ok } from '../lib/asserts.ts'
import { done, invalid, refused } from '../lib/codes.ts'
import type { Actor } from '../lib/context.ts'
import { promise, type Topic } from '../lib/runner.ts'
import * as shape from '../lib/shapes.ts'

const PUT =
  '`PUT/DELETE /rooms/{id}/messages/{seq}/reactions/{emoji}`: 201 `{entry}`; already so: 200 `{entry}` of the first time'
const EMOJI = '| emoji | one grapheme |'

function reaction(actor: Actor, method: 'PUT' | 'DELETE', room: string, seq: number, emoji: string) {
  return actor.call(method, `/rooms/${room}/messages/${seq}/reactions/${encodeURIComponent(emoji)}`)
}

export const reactions: Topic = {
  topic: 'Reactions',
  cases: [
    promise('the first time is 201, again is 200 with the same entry', PUT, async (t) => {
      const { ann, bob, room } = await pair(t)
      const { seq } = await say(t.as(ann), room, 'nice')
      const first = done(await reaction(t.as(bob), 'PUT', room, seq, '👍'), 201)
      const entry = shape.entry(at(first.body, 'entry'))
      equal(
        [entry.kind, entry.from, entry.all.target, entry.all.emoji],
        ['react', bob.id, seq, '👍'],
        'entry',
      )
      const again = done(await reaction(t.as(bob), 'PUT', room, seq, '👍'), 200)
      equal(at(again.body, 'entry'), at(first.body, 'entry'), 'the entry of the repeated request')
      equal((await roomOf(t.as(ann), room)).head_seq, entry.seq, 'head_seq')
    }),
    promise(
      'reactions are counted per emoji, and mine are marked',
      '`reactions: [{emoji, count, mine}]`',
      async (t) => {
        const { ann, bob, room } = await pair(t)
        const { seq } = await say(t.as(ann), room, 'count')
        for (const who of [ann, bob]) done(await reaction(t.as(who), 'PUT', room, seq, '🎉'), 201)
        done(await reaction(t.as(bob), 'PUT', room, seq, '👀'), 201)
        const seen = (await messageOf(t.as(ann), room, seq)).reactions.map((one) => [
          one.emoji,
          one.count,
          one.mine,
        ])
        equal(
          seen.sort(),
          [
            ['🎉', 2, true],
            ['👀', 1, false],
          ].sort(),
          'reactions as one member sees them',
        )
      },
    ),
    promise('a reaction is taken back, and taking it back again changes nothing', PUT, async (t) => {
      const { ann, room } = await pair(t)
      const { seq } = await say(t.as(ann), room, 'fickle')
      done(await reaction(t.as(ann), 'PUT', room, seq, '👍'), 201)
      const first = done(await reaction(t.as(ann), 'DELETE', room, seq, '👍'), [200, 201])
      const entry = shape.entry(at(first.body, 'entry'))
      equal([entry.kind, entry.all.target, entry.all.emoji], ['unreact', seq, '👍'], 'entry')
      const again = done(await reaction(t.as(ann), 'DELETE', room, seq, '👍'), 200)
      equal(at(again.body, 'entry.seq'), entry.seq, 'seq of the repeated request')
      equal((await messageOf(t.as(ann), room, seq)).reactions, [], 'reactions')
      const back = done(await reaction(t.as(ann), 'PUT', room, seq, '👍'), 201)
      ok(Number(at(back.body, 'entry.seq')) > entry.seq, 'reacting again is a new entry')
    }),
    promise('one grapheme is taken, however it is composed', EMOJI, async (t) => {
      const { ann, room } = await pair(t)
      const { seq } = await say(t.as(ann), room, 'graphemes')
      const emoji = ['❤️', '👨‍👩‍👧‍👦', '🇻🇳', '👍🏽', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '1️⃣']
      for (const one of emoji) {
        equal(
          at(done(await reaction(t.as(ann), 'PUT', room, seq, one), 201).body, 'entry.emoji'),
          one,
          'entry.emoji',
        )
      }
      equal((await messageOf(t.as(ann), room, seq)).reactions.length, emoji.length, 'reactions')
    }),
    promise('two graphemes, none and broken ones are refused', EMOJI, async (t) => {
      const { ann, room } = await pair(t)
      const { seq } = await say(t.as(ann), room, 'graphemes')
      for (const bad of ['👍👍', 'ab', '👍 ', '🇻🇳🇻🇳', '\u0000', '👍\u0000'])
        invalid(await reaction(t.as(ann), 'PUT', room, seq, bad))
      refused(
        await t.as(ann).call('PUT', `/rooms/${room}/messages/${seq}/reactions/`),
        [400, 404],
        ['invalid_request', 'not_found'],
      )
      const lone = await t.as(ann).call('PUT', `/rooms/${room}/messages/${seq}/reactions/%ED%A0%80`)
      refused(lone, [400, 404], ['invalid_request', 'not_found'])
      equal((await messageOf(t.as(ann), room, seq)).reactions, [], 'reactions')
    }),
    promise('a reaction needs a message', '| 404 | `not_found` |', async (t) => {
      const { ann, room } = await pair(t)
      refused(await reaction(t.as(ann), 'PUT', room, 999_999, '👍'), 404, 'not_found')
      const { seq } = await say(t.as(ann), room, 'soon gone')
      done(await t.as(ann).delete(`/rooms/${room}/messages/${seq}`), 200)
      const answer = await reaction(t.as(ann), 'PUT', room, seq, '👍')
      refused(answer, [400, 403, 404, 409], ['invalid_request', 'forbidden', 'not_found', 'conflict'])
    }),
    promise('an outsider reacts to nothing', '| 404 | `not_found` |', async (t) => {
      const { ann, room } = await pair(t)
      const eve = t.as(await t.person())
      const { seq } = await say(t.as(ann), room, 'ours')
      for (const method of ['PUT', 'DELETE'] as const)
        refused(await reaction(eve, method, room, seq, '👍'), 404, 'not_found')
      equal((await messageOf(t.as(ann), room, seq)).reactions, [], 'reactions')
    }),
  ],
}
