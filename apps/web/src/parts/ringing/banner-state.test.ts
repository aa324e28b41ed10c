import type { CallShape } from '@parley/protocol/calls'
import { describe, expect, it } from 'vitest'
import { type BannerInput, bannerState } from './banner-state.ts'

const call = (standings: Record<string, CallShape['participants'][number]['standing']>, more: object = {}) =>
  ({
    id: 'c1',
    participants: Object.entries(standings).map(([user, standing]) => ({ user, standing })),
    ...more,
  }) as unknown as CallShape
const state = (input: Partial<BannerInput>) =>
  bannerState({ me: 'me', direct: true, call: undefined, here: false, tried: undefined, ...input })
const tried = (reason: NonNullable<NonNullable<BannerInput['tried']>['end']>['reason']) => ({
  end: { at: 1, reason },
})

describe('what a conversation says of its call', () => {
  it('names those who are in it, and only them', () => {
    const open = call({ ann: 'joined', bob: 'left', me: 'missed', eve: 'joined' })
    expect(state({ call: open })).toEqual({ kind: 'going', people: ['ann', 'eve'] })
  })

  it('says that it rings until somebody answered, and is silent once the call is before one’s eyes', () => {
    const open = { me: 'joined', ann: 'ringing' } as const
    expect(state({ here: true, call: call(open) })).toEqual({ kind: 'calling' })
    expect(state({ here: true, call: call(open, { answered_at: 5 }) })).toEqual({ kind: 'none' })
    expect(state({ here: true, direct: false, call: call(open) })).toEqual({ kind: 'none' })
  })

  it('says that I am in it with another device', () => {
    expect(state({ call: call({ me: 'joined', ann: 'joined' }) })).toEqual({ kind: 'elsewhere' })
  })

  it('says between two how my calling ended, and nothing where I hung up or we talked', () => {
    expect(state({ tried: tried('missed') })).toEqual({ kind: 'outcome', reason: 'noAnswer' })
    expect(state({ tried: tried('declined') })).toEqual({ kind: 'outcome', reason: 'declined' })
    expect(state({ tried: tried('busy') })).toEqual({ kind: 'outcome', reason: 'busy' })
    for (const reason of ['cancelled', 'completed'] as const)
      expect(state({ tried: tried(reason) })).toEqual({ kind: 'none' })
    expect(state({ tried: tried('missed'), direct: false })).toEqual({ kind: 'none' })
    expect(state({ tried: {} })).toEqual({ kind: 'none' })
  })

  it('forgets an old outcome when there is a call again', () => {
    const open = call({ ann: 'joined', me: 'ringing' })
    expect(state({ tried: tried('missed'), call: open })).toMatchObject({ kind: 'going' })
  })
})
