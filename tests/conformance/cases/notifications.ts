import { groupOf, pair, say } from '../lib/acts.ts'
import { at, equal, eventually, list, num, ok, oneOf, str } from '../lib/asserts.ts'
import { done, invalid, refused } from '../lib/codes.ts'
import type { Actor, Context } from '../lib/context.ts'
import { promise, type Topic } from '../lib/runner.ts'
import * as shape from '../lib/shapes.ts'

const INBOX =
  '`GET /notifications`, `POST /notifications/read` `{ids}` or `{all: true}` → `{notifications: [{id, kind, room, from, preview, at, read_at?}], unread, next?}`'
const PUSH = '`notification`: an inbox item'
/** Of a server that works it off in the background. */
const TOLD_WITHIN_MS = 40_000

interface Item {
  readonly id: string
  readonly kind: string
  readonly room: string
  readonly from: string
  readonly preview: string
  readonly isRead: boolean
}

function itemOf(value: unknown): Item {
  shape.time(value, 'at')
  return {
    id: shape.id(value, 'id'),
    kind: str(value, 'kind'),
    room: shape.roomId(at(value, 'room')),
    from: shape.userId(at(value, 'from')),
    preview: str(value, 'preview'),
    isRead: (value as { read_at?: unknown }).read_at !== undefined,
  }
}

async function inboxOf(actor: Actor, query = ''): Promise<{ items: Item[]; unread: number; body: unknown }> {
  const { body } = done(await actor.get(`/notifications${query}`), 200)
  return { items: list(body, 'notifications').map(itemOf), unread: num(body, 'unread'), body }
}

/** Waits until the inbox has `count` items of this kind in this room. */
function told(actor: Actor, room: string, kind: string, count = 1): Promise<Item[]> {
  return eventually(`${count} of ${kind} in the inbox`, TOLD_WITHIN_MS, async () => {
    const items = (await inboxOf(actor)).items.filter((item) => item.room === room && item.kind === kind)
    return items.length >= count ? items : undefined
  })
}

async function mentioned(t: Context, count: number) {
  const { ann, bob, room } = await pair(t)
  for (let n = 0; n < count; n++) await say(t.as(ann), room, `${n} for @${bob.username}`)
  return { ann, bob, room, items: await told(t.as(bob), room, 'mention', count) }
}

export const notifications: Topic = {
  topic: 'Notifications',
  cases: [
    promise(
      'a mention is in the inbox once, and nothing of what was not about me',
      INBOX,
      async (t) => {
        const { ann, bob, room, items } = await mentioned(t, 1)
        equal(
          items.map(({ from, preview, isRead }) => [from, preview, isRead]),
          [[ann.id, `0 for @${bob.username}`, false]],
          'item',
        )
        await say(t.as(ann), room, 'for nobody')
        await say(t.as(ann), room, `and again @${bob.username}`)
        const later = await told(t.as(bob), room, 'mention', 2)
        equal(
          later.map(({ preview }) => preview),
          [`and again @${bob.username}`, `0 for @${bob.username}`],
          'newest first',
        )
        ok(
          (await inboxOf(t.as(ann))).items.every((item) => item.from !== ann.id),
          'told of one’s own',
        )
      },
      'slow',
    ),
    promise(
      'read by ids and as a whole, and the count follows',
      INBOX,
      async (t) => {
        const { bob, room, items } = await mentioned(t, 3)
        const before = (await inboxOf(t.as(bob))).unread
        const id = items[1]?.id
        done(await t.as(bob).post('/notifications/read', { ids: [id] }), [200, 204])
        const after = await inboxOf(t.as(bob))
        equal(after.unread, before - 1, 'unread')
        equal(after.items.find((item) => item.id === id)?.isRead, true, 'read_at')
        done(await t.as(bob).post('/notifications/read', { all: true }), [200, 204])
        const end = await inboxOf(t.as(bob))
        equal(end.unread, 0, 'unread of all')
        ok(
          end.items.filter((item) => item.room === room).every((item) => item.isRead),
          'an item was left unread',
        )
        invalid(await t.as(bob).post('/notifications/read', {}))
        refused(await t.as(undefined).get('/notifications'), 401, 'unauthenticated')
      },
      'slow',
    ),
    promise(
      'pages hold what they are asked for and lose nothing',
      'Lists return `next` (opaque, passed back as `cursor`) when there is more.',
      async (t) => {
        const { bob, items } = await mentioned(t, 4)
        const seen: string[] = []
        for (let query = '?limit=2'; query !== ''; ) {
          const page = await inboxOf(t.as(bob), query)
          ok(page.items.length <= 2, 'a page is longer than its limit')
          seen.push(...page.items.map((item) => item.id))
          const next = (page.body as { next?: unknown }).next
          query = typeof next === 'string' ? `?limit=2&cursor=${encodeURIComponent(next)}` : ''
        }
        equal(new Set(seen).size, seen.length, 'different items')
        ok(
          items.every((item) => seen.includes(item.id)),
          'an item is on no page',
        )
      },
      'slow',
    ),
    promise(
      'who is connected is pushed what concerns them',
      PUSH,
      async (t) => {
        const { ann, bob, room } = await pair(t)
        const link = await t.connect(bob)
        await say(t.as(ann), room, `live @${bob.username}`)
        const items = await told(t.as(bob), room, 'mention')
        const pushed = await link.push(
          'notification',
          'the mention',
          (frame) => at(frame, 'notification.id') === items[0]?.id,
        )
        equal(itemOf(at(pushed, 'notification')), items[0], 'the pushed item')
      },
      'slow',
    ),
    promise(
      'being added to a group is told',
      INBOX,
      async (t) => {
        const [ann, bob] = await t.persons(2)
        const room = await groupOf(t.as(ann), t.name('Added'), [bob])
        const [item] = await told(t.as(bob), room.id, 'added')
        equal(item?.from, ann.id, 'from')
      },
      'slow',
    ),
    promise(
      'nothing of a deleted message is shown, nor of a room one was removed from',
      '404 `not_found` – also for everything one may not know exists',
      async (t) => {
        const { ann, bob, room } = await pair(t)
        const { seq } = await say(t.as(ann), room, `erased @${bob.username}`)
        await say(t.as(ann), room, `hidden @${bob.username}`)
        await told(t.as(bob), room, 'mention', 2)
        done(await t.as(ann).delete(`/rooms/${room}/messages/${seq}`), 200)
        const { items } = await inboxOf(t.as(bob))
        const previews = items.filter((item) => item.room === room && item.kind === 'mention')
        oneOf(previews.find((item) => !item.preview.startsWith('hidden'))?.preview, [''], 'preview')
        done(await t.as(ann).delete(`/rooms/${room}/members/${bob.id}`), 204)
        const { items: left } = await inboxOf(t.as(bob))
        ok(
          left.every((item) => !/hidden|erased/.test(item.preview)),
          'a text is shown to who was removed',
        )
      },
      'slow',
    ),
  ],
}
