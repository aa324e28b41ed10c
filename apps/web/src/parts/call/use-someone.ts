import type { CurrentCall, LocalView, PeerState, Quality } from '@parley/sdk/calls/call-types'
import { useTranslation } from 'react-i18next'
import { streamOf } from '../../hooks/use-calls.ts'
import { useMe, useUser } from '../../hooks/use-people.ts'
import type { TileName } from './choose-stage.ts'
import { conditionWords } from './quality-words.ts'

/** Everything a tile shows of a person, oneself or another one. */
export interface Someone {
  readonly id: string
  readonly own: boolean
  /** As others call them; `name` says of oneself that it is oneself, and of a screen that it is one. */
  readonly person: string
  readonly name: string
  readonly picture: string | undefined
  /** Null: there is no picture now. */
  readonly stream: MediaStream | null
  readonly sound: boolean
  readonly speaking: boolean
  /** Null of oneself. */
  readonly state: PeerState | null
  readonly quality: Quality
  /** The name, and in words what the signs say. */
  readonly label: string
}

const ownPart = (local: LocalView) => ({ ...local, state: null, quality: 'unknown' as const })

/** Undefined: has left. */
export function useSomeone(current: CurrentCall, { user, of }: TileName): Someone | undefined {
  const { t } = useTranslation()
  const { t: tc } = useTranslation('call')
  const me = useMe()
  const known = useUser(user)
  const own = user === me.id
  const part = own ? ownPart(current.local) : current.peers.find((peer) => peer.user === user)
  if (part === undefined) return undefined
  const person = (own ? me : known)?.display_name ?? t('conversation.unknownUser')
  const screen = of === 'display'
  const name = screen ? tc('tile.screen', { name: person }) : own ? tc('you') : person
  const words = conditionWords(screen ? { ...part, sound: true, screen: false } : part).map((word) =>
    tc(word),
  )
  return {
    id: user,
    own,
    person,
    name,
    picture: (own ? me : known)?.avatar_url,
    stream: streamOf(screen ? part.display : part.video ? part.camera : null),
    sound: screen || part.sound,
    speaking: !screen && part.speaking && part.sound,
    state: part.state,
    quality: part.quality,
    label: words.length === 0 ? name : tc('tile.words', { name, words: words.join(', ') }),
  }
}
