/** What a conversation says above its messages about a call. */
import type { CallShape } from '@parley/protocol/calls'
import type { TimelineCall } from '@parley/sdk/api'

export interface BannerInput {
  readonly me: string
  readonly direct: boolean
  /** The room's call that goes on. */
  readonly call: CallShape | undefined
  /** This tab is in it. */
  readonly here: boolean
  /** A call that this tab started and that nobody answered, as the log has it. */
  readonly tried: Pick<TimelineCall, 'end'> | undefined
}

export type BannerState =
  | { readonly kind: 'none' }
  /** It rings at the other one. */
  | { readonly kind: 'calling' }
  /** I am in it with another device or tab. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'going'; readonly people: readonly string[] }
  /** Between two: how my calling ended. */
  | { readonly kind: 'outcome'; readonly reason: 'noAnswer' | 'declined' | 'busy' }

const outcomes = { missed: 'noAnswer', declined: 'declined', busy: 'busy' } as const

export function bannerState({ me, direct, call, here, tried }: BannerInput): BannerState {
  if (call === undefined) {
    const reason = tried?.end?.reason
    return direct && reason !== undefined && reason in outcomes
      ? { kind: 'outcome', reason: outcomes[reason as keyof typeof outcomes] }
      : { kind: 'none' }
  }
  // What is said of it is beside its pictures.
  if (here) return direct && call.answered_at === undefined ? { kind: 'calling' } : { kind: 'none' }
  const people = call.participants.filter(({ standing }) => standing === 'joined')
  if (people.some(({ user }) => user === me)) return { kind: 'elsewhere' }
  return { kind: 'going', people: people.map(({ user }) => user) }
}
