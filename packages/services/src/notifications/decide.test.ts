import { RING_MS } from '@parley/protocol/calls'
import { describe, expect, it } from 'vitest'
import { type Circumstances, type Decision, decide, REACH_WAIT_MS } from './decide.ts'

/** Somebody who is not connected is mentioned. */
const offline: Circumstances = {
  kind: 'mention',
  own: false,
  member: true,
  level: 'mentions',
  read: false,
  delivered: false,
  presence: 'offline',
  ageMs: 0,
  quiet: false,
}
const waited = { ageMs: REACH_WAIT_MS }
const looking = { presence: 'online', ...waited } as const
const away = { presence: 'away', ...waited } as const

const table: [Decision, string, Partial<Circumstances>][] = [
  ['alert', 'a mention of somebody who is not there', {}],
  ['alert', 'a direct message to somebody who is not there', { kind: 'direct' }],
  ['alert', 'an answer to what they said', { kind: 'reply' }],
  ['alert', 'being added to a room', { kind: 'added' }],
  ['nothing', 'an entry that is about somebody else', { kind: null }],
  ['nothing', 'what they did themselves', { own: true }],
  ['nothing', 'whoever is no member any more', { member: false }],
  ['nothing', 'what they have read already', { read: true, delivered: true }],

  ['nothing', 'an ordinary message by default: it is an unread count', { kind: 'message' }],
  ['alert', 'an ordinary message where everything is wanted', { kind: 'message', level: 'all' }],
  ['alert', 'a mention where everything is wanted', { level: 'all' }],
  ['nothing', 'a mention in a muted room', { level: 'none' }],
  ['nothing', 'a direct message in a muted conversation', { kind: 'direct', level: 'none' }],
  ['nothing', 'an answer in a muted room', { kind: 'reply', level: 'none' }],
  ['nothing', 'an ordinary message in a muted room', { kind: 'message', level: 'none' }],

  ['wait', 'somebody connected who may be about to acknowledge', { presence: 'online' }],
  ['wait', 'somebody away who may be about to acknowledge', { presence: 'away' }],
  ['wait', 'a mention that arrived and may be read at any moment', { presence: 'online', delivered: true }],
  ['wait', 'one millisecond before the wait is over', { ...looking, ageMs: REACH_WAIT_MS - 1 }],
  ['alert', 'a half-open socket: connected, and nothing arrived', { ...looking }],
  ['alert', 'a direct message behind a half-open socket', { ...looking, kind: 'direct' }],
  ['alert', 'a message behind a half-open socket', { ...looking, kind: 'message', level: 'all' }],
  [
    'nothing',
    'a direct message that arrived where somebody looks',
    { ...looking, kind: 'direct', delivered: true },
  ],
  [
    'nothing',
    'a message that arrived where somebody looks',
    { ...looking, kind: 'message', level: 'all', delivered: true },
  ],
  ['alert', 'a direct message that arrived where nobody looks', { ...away, kind: 'direct', delivered: true }],
  ['alert', 'a direct message that arrived on a device that is gone', { kind: 'direct', delivered: true }],
  ['alert', 'a mention that arrived and was not read', { ...looking, delivered: true }],
  ['alert', 'an answer that arrived and was not read', { ...looking, kind: 'reply', delivered: true }],
  ['alert', 'an addition that arrived and was not looked at', { ...looking, kind: 'added', delivered: true }],

  ['inbox', 'a mention in quiet hours is kept in silence', { quiet: true }],
  ['inbox', 'a direct message in quiet hours is kept in silence', { kind: 'direct', quiet: true }],
  ['inbox', 'behind a half-open socket in quiet hours', { ...looking, quiet: true }],
  ['nothing', 'a muted room in quiet hours', { level: 'none', quiet: true }],
  ['wait', 'somebody connected in quiet hours', { presence: 'online', quiet: true }],

  ['alert', 'a missed call', { kind: 'call' }],
  ['wait', 'a missed call of somebody who may be about to see it', { kind: 'call', presence: 'online' }],
  ['alert', 'a missed call that nobody looked at', { ...looking, kind: 'call', delivered: true }],
  ['nothing', 'a missed call that was seen in the room', { ...looking, kind: 'call', read: true }],
  ['inbox', 'a missed call in quiet hours', { kind: 'call', quiet: true }],
  ['nothing', 'a missed call of a muted room', { kind: 'call', level: 'none' }],

  ['alert', 'a call that rings for somebody who is not there', { kind: 'ring' }],
  ['alert', 'a call that rings where nobody looks, at once', { kind: 'ring', presence: 'away' }],
  ['wait', 'a call that rings where somebody looks', { kind: 'ring', presence: 'online' }],
  [
    'nothing',
    'a call that has arrived where somebody looks',
    { kind: 'ring', presence: 'online', delivered: true },
  ],
  ['alert', 'a call that has not arrived behind a half-open socket', { ...looking, kind: 'ring' }],
  ['alert', 'a call in the last moment of its time', { kind: 'ring', ageMs: RING_MS - 1 }],
  ['nothing', 'a call that has rung out', { kind: 'ring', ageMs: RING_MS }],
  ['nothing', 'a call in quiet hours', { kind: 'ring', quiet: true }],
  ['nothing', 'a call in a muted room', { kind: 'ring', level: 'none' }],
  ['nothing', 'a call that rings for whoever is no member any more', { kind: 'ring', member: false }],
]

describe('who is told', () => {
  it.each(table)('%s: %s', (decision, _case, changes) => {
    expect(decide({ ...offline, ...changes })).toBe(decision)
  })
})
