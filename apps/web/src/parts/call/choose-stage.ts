/** Who is shown how large. */
import type { CallPeer } from '@parley/sdk/calls/call-types'

/** One picture: somebody's camera, or the screen they show. */
export interface TileName {
  readonly user: string
  readonly of: 'camera' | 'display'
}

export interface StageInput {
  readonly me: string
  readonly peers: readonly Pick<CallPeer, 'user' | 'screen'>[]
  /** The last other person who spoke. */
  readonly speaker: string | null
  readonly pinned: TileName | null
  readonly layout: 'grid' | 'speaker'
}

export interface StageChoice {
  /** `grid`: all alike. `focus`: one large, the others in a strip. `pair`: the other one large, oneself in a corner. */
  readonly kind: 'grid' | 'focus' | 'pair'
  readonly stage: readonly TileName[]
  readonly strip: readonly TileName[]
  readonly corner: TileName | null
  /** People for whom there is no tile. */
  readonly hidden: number
}

export const GRID_MAX_TILES = 25

export const sameTile = (one: TileName | null, other: TileName | null): boolean =>
  one?.user === other?.user && one?.of === other?.of

/**
 * What is pinned comes first, then a screen that somebody else shows, then the speaker or everybody. One's own screen is
 * never a tile: one would look into two mirrors.
 */
export function chooseStage({ me, peers, speaker, pinned, layout }: StageInput): StageChoice {
  const cameras: readonly TileName[] = [
    ...peers.map(({ user }) => ({ user, of: 'camera' as const })),
    { user: me, of: 'camera' },
  ]
  const screens: readonly TileName[] = peers
    .filter(({ screen }) => screen)
    .map(({ user }) => ({ user, of: 'display' as const }))
  const all = [...screens, ...cameras]
  const spoke = all.find((tile) => tile.of === 'camera' && tile.user === speaker)
  const large =
    all.find((tile) => sameTile(tile, pinned)) ??
    screens[0] ??
    (layout === 'speaker' && peers.length > 1 ? (spoke ?? cameras[0]) : undefined)
  const [first, self] = cameras
  if (peers.length === 1 && screens.length === 0 && first !== undefined && self !== undefined) {
    const swapped = large !== undefined && sameTile(large, self)
    const [stage, corner] = swapped ? [self, first] : [first, self]
    return { kind: 'pair', stage: [stage], strip: [], corner, hidden: 0 }
  }
  if (large !== undefined)
    return {
      kind: 'focus',
      stage: [large],
      strip: all.filter((tile) => tile !== large),
      corner: null,
      hidden: 0,
    }
  return grid(cameras, spoke)
}

/** Where there are too many, whoever speaks has a tile, and oneself. */
function grid(cameras: readonly TileName[], spoke: TileName | undefined): StageChoice {
  const stage =
    cameras.length <= GRID_MAX_TILES
      ? cameras
      : [...withSpeaker(cameras.slice(0, GRID_MAX_TILES - 1), spoke), ...cameras.slice(-1)]
  return { kind: 'grid', stage, strip: [], corner: null, hidden: cameras.length - stage.length }
}

const withSpeaker = (shown: readonly TileName[], spoke: TileName | undefined): readonly TileName[] =>
  spoke === undefined || shown.includes(spoke) ? shown : [...shown.slice(0, -1), spoke]
