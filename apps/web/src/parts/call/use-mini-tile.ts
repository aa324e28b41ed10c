import { useMe } from '../../hooks/use-people.ts'
import { useCallPlace } from './call-place-context.ts'
import { chooseStage, type TileName } from './choose-stage.ts'

/** The one picture of a small call: what is pinned, a screen, or whoever spoke. */
export function useMiniTile(): TileName {
  const me = useMe()
  const { current, pinned, choice } = useCallPlace()
  const first = choice.stage[0]?.user ?? null
  const [tile] = chooseStage({
    me: me.id,
    peers: current.peers,
    speaker: current.speaker === null || current.speaker === me.id ? first : current.speaker,
    pinned,
    layout: 'speaker',
  }).stage
  return tile ?? { user: me.id, of: 'camera' }
}
