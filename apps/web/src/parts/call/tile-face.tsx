import { MicOff, Signal, SignalLow, SignalMedium } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Avatar } from '../avatar.tsx'
import { hueOf } from '../initials.ts'
import type { TileName } from './choose-stage.ts'
import type { Size } from './grid-layout.ts'
import { Picture } from './picture.tsx'
import styles from './tile.module.css'
import type { Someone } from './use-someone.ts'

const AVATAR_MIN_PX = 28
const AVATAR_MAX_PX = 120
const SMALL_PX = 150
const TINY_PX = 76

interface TileFaceProps {
  readonly someone: Someone
  readonly of: TileName['of']
  readonly size: Size
}

/** A picture or who it would be of, with the name and signs on it. Read out by whoever holds it. */
export function TileFace({ someone, of, size }: TileFaceProps) {
  const { id, person, own, stream, state, picture } = someone
  const avatar = Math.min(AVATAR_MAX_PX, Math.max(AVATAR_MIN_PX, Math.min(size.width, size.height) * 0.4))
  return (
    <div
      className={styles.face}
      style={{ '--hue': hueOf(id) }}
      data-picture={stream === null ? undefined : of}
      data-small={size.width < TINY_PX ? 'tiny' : size.width < SMALL_PX ? '' : undefined}
      aria-hidden="true"
    >
      {stream === null ? (
        <Avatar id={id} name={person} size={Math.round(avatar)} picture={picture} />
      ) : (
        <Picture
          stream={stream}
          mirrored={own && of === 'camera'}
          fit={of === 'display' ? 'contain' : 'auto'}
        />
      )}
      {state === null || state === 'connected' ? null : <StateLine state={state} />}
      <NamePlate someone={someone} />
    </div>
  )
}

function StateLine({ state }: { state: 'connecting' | 'reconnecting' | 'failed' }) {
  const { t } = useTranslation('call')
  return (
    <p className={styles.state} data-state={state}>
      {t(`state.${state}`)}
    </p>
  )
}

const signs = { good: Signal, fair: SignalMedium, poor: SignalLow } as const

function NamePlate({ someone }: { someone: Someone }) {
  const { name, sound, quality, state } = someone
  const Sign = state === 'connected' && quality !== 'unknown' ? signs[quality] : null
  return (
    <p className={styles.plate}>
      {sound ? null : <MicOff size={14} className={styles.off} />}
      <span className={styles.name}>{name}</span>
      {Sign === null ? null : <Sign size={14} className={styles.sign} data-quality={quality} />}
    </p>
  )
}
