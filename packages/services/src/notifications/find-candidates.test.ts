import type { Entry } from '@parley/protocol'
import { expect, it } from 'vitest'
import { findCandidates } from './find-candidates.ts'

const message = (changes: Partial<Entry> = {}): Entry => ({
  room: 'r',
  seq: 5,
  kind: 'message',
  from: 'ann',
  at: 1_000,
  ...changes,
})
const reasons = (
  entry: Entry,
  more: { authors?: Record<string, string>; pair?: string[]; listeners?: string[] } = {},
) => {
  const { listeners = [], authors = {}, ...rest } = more
  return findCandidates({ entries: [entry], through: 5, authors, ...rest }, listeners).map(
    ({ user, kind, seq }) => `${user} ${kind} ${seq}`,
  )
}

it('an ordinary message concerns nobody but those who want everything', () => {
  expect(reasons(message())).toEqual([])
  expect(reasons(message(), { listeners: ['ben', 'ann'] })).toEqual(['ben message 5'])
})

it('of several reasons the nearest is told', () => {
  const more = { listeners: ['ben'], authors: { 2: 'ben' } }
  expect(reasons(message({ reply_to: 2 }), more)).toEqual(['ben reply 5'])
  expect(reasons(message({ reply_to: 2, mentions: ['ben'] }), more)).toEqual(['ben mention 5'])
})

it('a direct message concerns the other one', () => {
  expect(reasons(message(), { pair: ['ann', 'ben'] })).toEqual(['ben direct 5'])
})

it('nobody is told of what they did themselves', () => {
  expect(reasons(message({ reply_to: 2, mentions: ['ann'] }), { authors: { 2: 'ann' } })).toEqual([])
  expect(reasons(message({ kind: 'join', user: 'ann' }))).toEqual([])
})

it('being added concerns who was added, unless it is how a direct conversation begins', () => {
  expect(reasons(message({ kind: 'join', user: 'ben' }))).toEqual(['ben added 5'])
  expect(reasons(message({ kind: 'join', user: 'ben' }), { pair: ['ann', 'ben'] })).toEqual([])
})

it('an edit that names somebody is about the message it edits', () => {
  expect(reasons(message({ kind: 'edit', seq: 9, target: 5, mentions: ['ben'] }))).toEqual(['ben mention 5'])
})

it('a call concerns those it rings for, and then those who have not answered; no item has both', () => {
  const call = { call: 'c', media: 'sound' as const, rung: ['ben', 'ann'] }
  const line = (line: 'started' | 'unanswered' | 'missed' | 'ended') =>
    reasons(message({ kind: 'call', call: { ...call, line } }), { pair: ['ann', 'ben'], listeners: ['carl'] })
  expect(line('started')).toEqual(['ben ring 5'])
  for (const last of ['unanswered', 'missed', 'ended'] as const) expect(line(last)).toEqual(['ben call 5'])
  expect(reasons(message({ kind: 'call', call: { call: 'c', line: 'joined' } }))).toEqual([])
})
