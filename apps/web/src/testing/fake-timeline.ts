import { foldText, type Message } from '@parley/protocol'
import type { Timeline, TimelineItem, TimelineState } from '@parley/sdk/api'
import { createSource } from './fake-store.ts'
import { type FakeRoom, me, script } from './fake-team.ts'

const pageSize = 50

export interface FakeTimeline extends Timeline {
  last(): Message | undefined
  arrive(): void
  send(body: string, replyTo?: number): string
  discard(key: string): void
  change(seq: number, change: (message: Message) => Message): void
  react(seq: number, emoji: string, add: boolean): void
  find(query: string): readonly Message[]
  pinned(): readonly Message[]
}

/** Who speaks: runs of one to three messages by one person. */
function author(room: FakeRoom, seq: number): string {
  const run = Math.floor((seq * 7 + (seq % 5)) / 13)
  return room.members[(run * 5 + 1) % room.members.length]?.[0] ?? me.id
}

function messageAt(room: FakeRoom, seq: number): Message {
  const back = room.length - seq
  const text = script[(seq * 5) % script.length] ?? ''
  return {
    room: room.id,
    seq,
    from: author(room, seq),
    at: Date.now() - (room.minutesAgo + back * (back % 9 === 0 ? 41 : 3)) * 60_000,
    client_id: `${room.id}-${seq}`,
    body: text,
    ...(text.includes('@linh') ? { mentions: [me.id] } : {}),
    ...(seq % 11 === 3 ? { edited_at: Date.now() } : {}),
    ...(seq % 17 === 5 ? { deleted: true, body: '' } : {}),
    ...(seq % 13 === 6 && seq > 4 ? { reply_to: seq - 3 } : {}),
    ...(seq % 29 === 4 ? { pinned: true } : {}),
    reactions:
      seq % 7 === 2
        ? [
            { emoji: '👍', count: 3, mine: true },
            { emoji: '😄', count: 1, mine: false },
          ]
        : [],
  }
}

export function createFakeTimeline(
  room: FakeRoom | undefined,
  onLast: (message: Message) => void,
): FakeTimeline {
  const fake: FakeRoom = room ?? {
    id: 'r-new',
    kind: 'group',
    name: '',
    members: [[me.id, 'owner']],
    unread: 0,
    length: 0,
    minutesAgo: 0,
  }
  const changed = new Map<number, Message>()
  const items = new Map<number, TimelineItem>()
  let outbox: readonly TimelineItem[] = []
  let head = fake.length
  let from = Math.max(1, head - pageSize + 1)
  let to = head

  const message = (seq: number): Message => changed.get(seq) ?? messageAt(fake, seq)
  function item(seq: number): TimelineItem {
    let found = items.get(seq)
    if (found === undefined) {
      const value = message(seq)
      const state =
        value.from === me.id ? (seq > head - 4 ? 'sent' : seq > head - 9 ? 'delivered' : 'read') : null
      found =
        seq % 23 === 9
          ? {
              type: 'notice',
              key: `n${seq}`,
              seq,
              kind: 'join',
              from: 'u-anna',
              at: value.at,
              user: 'u-anna',
            }
          : { type: 'message', ...value, key: value.client_id, seq, state }
      items.set(seq, found)
    }
    return found
  }
  function build(
    status: TimelineState['status'] = 'ready',
    loading: Partial<TimelineState> = {},
  ): TimelineState {
    const shown: TimelineItem[] = []
    for (let seq = from; seq <= to; seq++) shown.push(item(seq))
    return {
      items: to === head ? [...shown, ...outbox] : shown,
      status,
      hasOlder: from > 1,
      hasNewer: to < head,
      loadingOlder: false,
      loadingNewer: false,
      ...loading,
    }
  }
  const source = createSource<TimelineState>(build())
  const publish = () => source.set(build())
  const wait = () => new Promise((resolve) => setTimeout(resolve, 120))
  function store(value: Message): void {
    changed.set(value.seq, value)
    items.delete(value.seq)
    if (to === head) to = value.seq
    head = value.seq
    publish()
    onLast(value)
  }
  function change(seq: number, next: (message: Message) => Message): void {
    changed.set(seq, next(message(seq)))
    items.delete(seq)
    publish()
  }

  return {
    get: source.get,
    subscribe: source.subscribe,
    async loadOlder() {
      if (from <= 1 || source.get().loadingOlder) return
      source.set(build('ready', { loadingOlder: true }))
      await wait()
      from = Math.max(1, from - pageSize)
      publish()
    },
    async loadNewer() {
      if (to >= head || source.get().loadingNewer) return
      source.set(build('ready', { loadingNewer: true }))
      await wait()
      to = Math.min(head, to + pageSize)
      publish()
    },
    async openAround(seq) {
      await wait()
      from = Math.max(1, seq - pageSize / 2)
      to = Math.min(head, seq + pageSize / 2)
      publish()
    },
    async openLatest() {
      await wait()
      to = head
      from = Math.max(1, head - pageSize + 1)
      publish()
    },
    release: () => undefined,
    last: () => (head === 0 ? undefined : message(head)),
    arrive() {
      const seq = head + 1
      const people = fake.members.filter(([id]) => id !== me.id)
      store({
        ...messageAt(fake, seq),
        from: people[seq % people.length]?.[0] ?? me.id,
        at: Date.now(),
        reactions: [],
      })
    },
    send(body, replyTo) {
      const key = crypto.randomUUID()
      const waiting: TimelineItem = {
        type: 'message',
        room: fake.id,
        key,
        seq: null,
        from: me.id,
        at: Date.now(),
        client_id: key,
        body,
        ...(replyTo === undefined ? {} : { reply_to: replyTo }),
        reactions: [],
        state: body.includes('fail') ? 'failed' : 'sending',
        ...(body.includes('fail') ? { error: 'The server is busy.' } : {}),
      }
      outbox = [...outbox, waiting]
      publish()
      if (body.includes('fail')) return key
      setTimeout(() => {
        outbox = outbox.filter((one) => one.key !== key)
        store({
          room: fake.id,
          seq: head + 1,
          from: me.id,
          at: Date.now(),
          client_id: key,
          body,
          ...(replyTo === undefined ? {} : { reply_to: replyTo }),
          reactions: [],
        })
      }, 400)
      return key
    },
    discard(key) {
      outbox = outbox.filter((one) => one.key !== key)
      publish()
    },
    change,
    react(seq, emoji, add) {
      change(seq, (value) => {
        const known = value.reactions.find((reaction) => reaction.emoji === emoji)
        const count = (known?.count ?? 0) + (add ? 1 : -1)
        const others = value.reactions.filter((reaction) => reaction.emoji !== emoji)
        return { ...value, reactions: count > 0 ? [...others, { emoji, count, mine: add }] : others }
      })
    },
    find: (query) =>
      Array.from({ length: Math.min(head, 80) }, (_, index) => message(head - index)).filter((one) =>
        foldText(one.body).includes(foldText(query)),
      ),
    pinned: () =>
      Array.from({ length: Math.min(head, 200) }, (_, index) => message(head - index)).filter(
        (one) => one.pinned,
      ),
  }
}
