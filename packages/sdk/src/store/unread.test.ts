import { UNREAD_CAP } from '@parley/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { UnreadCounter } from './unread.ts'

const step = fc.oneof(
  fc.constant({ kind: 'message' as const }),
  fc.constant({ kind: 'own' as const }),
  fc.record({ kind: fc.constant('read' as const), back: fc.nat(5) }),
  fc.record({ kind: fc.constant('delete' as const), back: fc.nat(8) }),
  fc.constant({ kind: 'tell' as const }),
)

test('after everything that was seen the count is that of the server', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      // What the server knows: seqs of others' messages. The history before the counter begins is three of them.
      const others = new Set([1, 2, 3])
      let head = 3
      let read = 0
      const server = () => Math.min(UNREAD_CAP, [...others].filter((seq) => seq > read).length)
      const counter = new UnreadCounter(head, server())
      for (const one of steps) {
        if (one.kind === 'message') {
          others.add(++head)
          counter.message(head)
        } else if (one.kind === 'own') {
          head++
        } else if (one.kind === 'read') {
          read = Math.max(read, head - one.back)
          // Reading within the old history needs the server's word, which the answer to `mark` brings.
          counter.tell(server(), read)
        } else if (one.kind === 'delete') {
          const seq = head - one.back
          const known = counter.deleted(seq, read)
          others.delete(seq)
          if (!known) counter.tell(server(), read)
        } else {
          counter.tell(server(), read)
        }
        expect(counter.count(read)).toBe(server())
      }
    }),
  )
})

test('a number that the server told before a message came does not hide that message', () => {
  const counter = new UnreadCounter(10, 0)
  counter.message(11)
  counter.tell(0, 10)
  expect(counter.count(10)).toBe(1)
})

test('counts to the cap and no further, and down again below it', () => {
  const counter = new UnreadCounter(0, 0)
  for (let seq = 1; seq <= UNREAD_CAP; seq++) counter.message(seq)
  expect(counter.count(0)).toBe(UNREAD_CAP)
  for (let seq = UNREAD_CAP + 1; seq <= 500; seq++) counter.message(seq)
  expect(counter.count(0)).toBe(UNREAD_CAP)
  expect(counter.count(499)).toBe(1)
  expect(counter.count(500)).toBe(0)
})
