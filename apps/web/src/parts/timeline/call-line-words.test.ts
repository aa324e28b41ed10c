import type { TimelineCall } from '@parley/sdk/api'
import { describe, expect, it } from 'vitest'
import { type CallLineContext, callLineWords, lengthWords } from './call-line-words.ts'

type End = NonNullable<TimelineCall['end']>
const say = (
  from: string,
  reason: End['reason'] | null,
  context: Partial<CallLineContext> = {},
  media: TimelineCall['media'] = 'sound',
) =>
  callLineWords(
    { from, media, ...(reason === null ? {} : { end: { at: 1, reason } }) },
    { me: 'me', direct: true, going: 'no', ...context },
  )

describe('the line of a call', () => {
  it('says of an unanswered call what it means to the one who reads it', () => {
    const reasons = ['missed', 'declined', 'busy', 'cancelled'] as const
    expect(reasons.map((reason) => say('me', reason).key)).toEqual([
      'noAnswer',
      'refused',
      'busy',
      'cancelled',
    ])
    expect(reasons.map((reason) => say('ann', reason).key)).toEqual([
      'missedBy',
      'refusedByMe',
      'missedBusy',
      'missedBy',
    ])
  })

  it('claims of a call in a group neither that it rang for me nor that one person declined', () => {
    for (const reason of ['missed', 'declined', 'busy', 'cancelled'] as const) {
      expect(say('ann', reason, { direct: false }).key).toBe('missedGroup')
      expect(['noAnswer', 'cancelled']).toContain(say('me', reason, { direct: false }).key)
    }
  })

  it('marks what I missed and offers to call back, and to call again what I did not reach', () => {
    expect(say('ann', 'missed')).toMatchObject({ icon: 'missed', action: 'back' })
    expect(say('ann', 'declined')).toMatchObject({ icon: 'refused', action: 'back' })
    expect(say('me', 'missed')).toMatchObject({ icon: 'refused', action: 'again' })
  })

  it('tells the way of a call between two, and the people of one in a group', () => {
    expect(say('me', 'completed')).toEqual({ key: 'outgoing', icon: 'over', action: null, people: false })
    expect(say('ann', 'completed', {}, 'video').key).toBe('incomingVideo')
    expect(say('ann', 'completed', { direct: false })).toMatchObject({ key: 'group', people: true })
  })

  it('offers to join what goes on, and claims nothing of a call whose end it does not know', () => {
    expect(say('ann', null, { going: 'answered' })).toMatchObject({ key: 'going', action: 'join' })
    expect(say('me', null, { going: 'ringing' }).key).toBe('ringing')
    expect(say('me', null, { going: 'ringing', direct: false }, 'video').key).toBe('goingVideo')
    expect(say('ann', null)).toMatchObject({ key: 'startedBy', action: null })
  })

  it('believes the log that a call is over', () => {
    expect(say('ann', 'completed', { going: 'answered' })).toMatchObject({ icon: 'over', action: null })
  })
})

it('tells lengths in the units one would say', () => {
  expect([0, 59_400, 59_600, 3_599_000, 3_600_000, 7_265_000].map(lengthWords)).toEqual([
    { key: 'seconds', count: 0 },
    { key: 'seconds', count: 59 },
    { key: 'minutes', minutes: 1 },
    { key: 'minutes', minutes: 59 },
    { key: 'hours', hours: 1, minutes: 0 },
    { key: 'hours', hours: 2, minutes: 1 },
  ])
})
