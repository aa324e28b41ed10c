import { type Notification, ParleyError } from '@parley/protocol'
import { beforeEach, expect, test } from 'vitest'
import type { RestCall } from '../rest.ts'
import { Inbox } from './inbox.ts'

const item = (n: number, changes: Partial<Notification> = {}): Notification => ({
  id: `n${n}`,
  kind: 'mention',
  room: 'r',
  seq: n,
  from: 'ann',
  preview: `text ${n}`,
  at: n,
  ...changes,
})
type Answer = { notifications: Notification[]; unread: number; version: number; next?: string }

let answers: (Answer | ParleyError | (() => Answer))[]
let calls: { method: string; path: string; call: RestCall | undefined }[]
let inbox: Inbox
beforeEach(() => {
  answers = []
  calls = []
  const call = async (method: string, path: string, call?: RestCall) => {
    calls.push({ method, path, call })
    const next = answers.shift()
    const answer = typeof next === 'function' ? next() : next
    if (answer === undefined || answer instanceof ParleyError) throw answer ?? new Error('no answer left')
    return answer
  }
  inbox = new Inbox({ call } as ConstructorParameters<typeof Inbox>[0], {
    now: () => 99,
    after: () => () => {},
  })
})

const ids = () => inbox.get().items.map(({ id, read_at }) => (read_at === undefined ? `${id}*` : id))
const push = (n: number, unread: number, version: number, alert = true) =>
  inbox.take({ t: 'notification', notification: item(n), unread, version, alert })
const page = (unread: number, version: number, ...items: Notification[]): Answer => ({
  notifications: items,
  unread,
  version,
})
/** Resolves when what is under way is done. */
const settle = () => new Promise(setImmediate)

async function open(answer: Answer): Promise<void> {
  answers = [answer]
  inbox.subscribe(() => {})
  inbox.online()
  await settle()
}

test('asks nothing of the server before somebody looks, and once when somebody does', async () => {
  inbox.online()
  await settle()
  expect(calls).toEqual([])
  answers = [page(1, 4, item(1))]
  inbox.subscribe(() => {})
  inbox.subscribe(() => {})
  await settle()
  expect(calls.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /notifications'])
  expect(inbox.get()).toMatchObject({ unread: 1, status: 'ready', hasOlder: false, alert: null })
})

test('a push adds its item where its time puts it, once, and says whether it may draw attention', async () => {
  await open(page(1, 4, item(1), item(5)))
  push(7, 3, 5)
  push(7, 3, 5)
  push(3, 4, 6, false)
  expect(ids()).toEqual(['n7*', 'n5*', 'n3*', 'n1*'])
  expect(inbox.get()).toMatchObject({ unread: 4, alert: { id: 'n7' } })
})

test('older news never overwrites the count of newer', async () => {
  await open(page(1, 4, item(1)))
  push(2, 2, 5)
  inbox.takeRead({ t: 'inbox', read: ['n1'], unread: 0, version: 3 })
  expect(inbox.get().unread).toBe(2)
})

test('a push that was lost is noticed, and the list read anew', async () => {
  await open(page(1, 4, item(1)))
  answers = [page(3, 6, item(3), item(2), item(1))]
  push(3, 3, 6)
  await settle()
  expect(ids()).toEqual(['n3*', 'n2*', 'n1*'])
  expect(calls).toHaveLength(2)
})

test('an answer that pushes have overtaken is asked for again', async () => {
  answers = [
    () => {
      push(2, 2, 5)
      return page(1, 4, item(1))
    },
    page(2, 5, item(2), item(1)),
  ]
  inbox.subscribe(() => {})
  inbox.online()
  await settle()
  expect(ids()).toEqual(['n2*', 'n1*'])
  expect(inbox.get().unread).toBe(2)
})

test('reading shows at once, and takes the count from the server', async () => {
  await open(page(2, 4, item(2), item(1)))
  answers = [page(1, 5, item(2), item(1, { read_at: 90 }))]
  const reading = inbox.read(['n1'])
  expect(ids()).toEqual(['n2*', 'n1'])
  await reading
  expect(calls.at(-1)?.call?.body).toEqual({ ids: ['n1'] })
  expect(inbox.get().unread).toBe(1)
})

test('reading that the server did not hear of is taken back', async () => {
  await open(page(1, 4, item(1)))
  answers = [new ParleyError('unavailable'), page(1, 4, item(1))]
  await expect(inbox.read('all')).rejects.toMatchObject({ code: 'unavailable' })
  await settle()
  expect(ids()).toEqual(['n1*'])
})

test('what another device read is read here', async () => {
  await open(page(3, 4, item(3), item(2), item(1)))
  inbox.takeRead({ t: 'inbox', read: ['n2'], unread: 2, version: 5 })
  expect(ids()).toEqual(['n3*', 'n2', 'n1*'])
  inbox.takeRead({ t: 'inbox', read: 'all', unread: 0, version: 6 })
  expect(ids()).toEqual(['n3', 'n2', 'n1'])
  expect(inbox.get().unread).toBe(0)
})

test('older pages are added below, and an item that is known already only once', async () => {
  await open({ ...page(2, 4, item(9), item(8)), next: 'c1' })
  answers = [{ ...page(2, 4, item(8), item(7)), next: 'c2' }]
  await inbox.loadOlder()
  expect(ids()).toEqual(['n9*', 'n8*', 'n7*'])
  expect(calls.at(-1)?.call?.query).toMatchObject({ cursor: 'c1' })
  expect(inbox.get().hasOlder).toBe(true)
})

test('a list that cannot be had is told, and tried again with the next connection', async () => {
  answers = [new ParleyError('unavailable')]
  inbox.subscribe(() => {})
  inbox.online()
  await settle()
  expect(inbox.get().status).toBe('error')
  answers = [page(1, 1, item(1))]
  inbox.online()
  await settle()
  expect(inbox.get()).toMatchObject({ status: 'ready', unread: 1 })
})

test('an answer to whoever was signed in before is not shown to who is now', async () => {
  answers = [
    () => {
      inbox.clear()
      return page(1, 4, item(1))
    },
  ]
  inbox.subscribe(() => {})
  inbox.online()
  await settle()
  expect(inbox.get()).toMatchObject({ items: [], unread: 0, status: 'loading' })
})
