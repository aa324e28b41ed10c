import type { Entry } from '@parley/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OrderedLog } from './ordered-log.ts'

const entry = (seq: number): Entry => ({ room: 'r', seq, kind: 'message', from: 'u', at: seq })

test('whatever order and repetition entries come in, they are handed on in order, each once, without a gap', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30 })), fc.nat(5), (seqs, start) => {
      const applied: number[] = []
      const log = new OrderedLog(start, ({ seq }) => applied.push(seq))
      for (const seq of seqs) log.offer(entry(seq))
      const there = new Set(seqs)
      let end = start
      while (there.has(end + 1)) end++
      expect(applied).toEqual(Array.from({ length: end - start }, (_, index) => start + 1 + index))
      expect(log.position).toBe(end)
      expect(log.behind).toBe(seqs.some((seq) => seq > end))
    }),
  )
})

test('entries ahead of a gap are held and follow when the gap is filled', () => {
  const applied: number[] = []
  const log = new OrderedLog(1, ({ seq }) => applied.push(seq))
  log.offer(entry(4))
  log.offer(entry(3))
  expect([applied, log.behind]).toEqual([[], true])
  log.offer(entry(2))
  expect([applied, log.behind]).toEqual([[2, 3, 4], false])
})

test('a jump forgets what it covers and hands on what follows', () => {
  const applied: number[] = []
  const log = new OrderedLog(0, ({ seq }) => applied.push(seq))
  log.offer(entry(3))
  log.offer(entry(6))
  log.jump(5)
  expect([applied, log.position]).toEqual([[6], 6])
  log.jump(2)
  expect(log.position).toBe(6)
})

test('being told of a later head is a gap too', () => {
  const log = new OrderedLog(2, () => {})
  log.expect(5)
  expect(log.behind).toBe(true)
  log.giveUp()
  expect(log.behind).toBe(false)
})
