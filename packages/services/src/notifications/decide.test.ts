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
]

describe('who is told', () => {
  it.each(table)('%s: %s', (decision, _case, changes) => {
    expect(decide({ ...offline, ...changes })).toBe(decision)
  })
})
