import type { CallPeer, CurrentCall } from '@parley/sdk/calls/call-types'
import { describe, expect, it } from 'vitest'
import { newsBetween } from './call-news.ts'
import { mediaProblem, whyNoCalls } from './media-problem.ts'
import { callLength, conditionWords } from './quality-words.ts'

const well = { state: 'connected', quality: 'good', sound: true, screen: false } as const

describe('somebody in words', () => {
  it('tells the connection first, then what is off, then how good it is', () => {
    expect(conditionWords(well)).toEqual(['quality.good'])
    expect(conditionWords({ ...well, sound: false, screen: true, quality: 'poor' })).toEqual([
      'muted',
      'showsScreen',
      'quality.poor',
    ])
  })
  it('has no quality of a connection that is not there, not known, or one’s own', () => {
    expect(conditionWords({ ...well, state: 'reconnecting' })).toEqual(['state.reconnecting'])
    expect(conditionWords({ ...well, quality: 'unknown' })).toEqual([])
    expect(conditionWords({ ...well, state: null, sound: false })).toEqual(['muted'])
  })
})

it.each([
  [-500, '0:00'],
  [5_999, '0:05'],
  [754_000, '12:34'],
  [3_599_999, '59:59'],
  [3_723_000, '1:02:03'],
])('%i ms of a call are %s', (ms, text) => {
  expect(callLength(ms)).toBe(text)
})

const peer = (user: string, more: Partial<CallPeer> = {}): CallPeer => ({
  user,
  state: 'connected',
  quality: 'good',
  speaking: false,
  sound: true,
  video: true,
  screen: false,
  camera: null,
  display: null,
  ...more,
})
const during = (peers: readonly CallPeer[], sound = true): CurrentCall => ({
  call: {
    id: 'call',
    room: 'room',
    version: 1,
    media: 'video',
    transport: { kind: 'mesh', generation: 1 },
    started_by: 'me',
    started_at: 0,
    participants: [],
  },
  status: 'joined',
  local: {
    sound,
    video: true,
    screen: false,
    camera: null,
    display: null,
    speaking: false,
    soundOnly: false,
  },
  peers,
  speaker: null,
})

describe('what a screen reader is told', () => {
  it('who comes and goes, and nothing of what stays', () => {
    expect(
      newsBetween(
        during([peer('lan'), peer('hoa')]),
        during([peer('hoa', { speaking: true }), peer('minh')]),
      ),
    ).toEqual([
      { kind: 'joined', user: 'minh' },
      { kind: 'left', user: 'lan' },
    ])
  })
  it('what goes off and on, mine and theirs', () => {
    expect(
      newsBetween(during([peer('lan')]), during([peer('lan', { sound: false, screen: true })], false)),
    ).toEqual([
      { kind: 'iMuted', user: null },
      { kind: 'muted', user: 'lan' },
      { kind: 'screen', user: 'lan' },
    ])
  })
  it('that a connection is lost and found, but not that it begins', () => {
    const told = (before: CallPeer['state'], after: CallPeer['state']) =>
      newsBetween(during([peer('lan', { state: before })]), during([peer('lan', { state: after })])).map(
        ({ kind }) => kind,
      )
    expect(told('connecting', 'connected')).toEqual([])
    expect(told('connected', 'reconnecting')).toEqual(['trouble'])
    expect(told('reconnecting', 'failed')).toEqual([])
    expect(told('failed', 'connected')).toEqual(['well'])
  })
  it('no microphones of many', () => {
    const many = Array.from({ length: 7 }, (_, index) => peer(`user ${index}`))
    expect(newsBetween(during(many), during(many.map((one) => ({ ...one, sound: false }))))).toEqual([])
  })
})

describe('why there is no device', () => {
  it('is told by the browser’s error, and an error of the server is none', () => {
    expect(mediaProblem({ name: 'NotAllowedError' })).toBe('denied')
    expect(mediaProblem({ name: 'NotFoundError' })).toBe('missing')
    expect(mediaProblem({ name: 'NotReadableError' })).toBe('busy')
    expect(mediaProblem(new Error('conflict'))).toBe(undefined)
    expect(mediaProblem('text')).toBe(undefined)
  })
  it('without TLS is that, whatever else there is not', () => {
    expect(whyNoCalls(false, false)).toBe('insecure')
    expect(whyNoCalls(false, true)).toBe('unsupported')
    expect(whyNoCalls(true, true)).toBe(null)
  })
})
