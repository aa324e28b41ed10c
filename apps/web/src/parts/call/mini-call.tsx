import { Maximize2, PictureInPicture2 } from 'lucide-react'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '../icon-button.tsx'
import { useCallPlace } from './call-place-context.ts'
import { CallStatus } from './call-status.tsx'
import type { TileName } from './choose-stage.ts'
import bar from './control-bar.module.css'
import { CameraButton, LeaveButton, MicrophoneButton } from './control-bar.tsx'
import styles from './dock.module.css'
import { useTellSize } from './tile.tsx'
import { TileFace } from './tile-face.tsx'
import { useMiniTile } from './use-mini-tile.ts'
import { useOwnWindowButton } from './use-own-window-button.ts'
import { useSize } from './use-size.ts'
import { useSomeone } from './use-someone.ts'
import { useTitleOfRoom } from './use-title-of-room.ts'

interface MiniCallProps {
  /** Drawn into a window of its own, above all others. */
  readonly inOwnWindow?: boolean
  /** The picture is elsewhere. */
  readonly pictureless?: boolean
}

/** One picture and the buttons that are needed at once. */
export function MiniCall({ inOwnWindow = false, pictureless = false }: MiniCallProps) {
  const { t } = useTranslation('call')
  const { current, setView, ownWindow, phone } = useCallPlace()
  const title = useTitleOfRoom(current.call.room)
  const own = useOwnWindowButton()
  const large = () => {
    if (ownWindow.open !== null) void ownWindow.toggle()
    setView('stage')
    window.focus()
  }
  return (
    <>
      {pictureless ? null : <MiniPicture />}
      <div className={styles.about}>
        <p className={styles.title}>{title}</p>
        <MiniStatus />
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a toolbar has no element of its own. */}
      <div role="group" className={`${bar.small} ${styles.controls}`} aria-label={t('control.label')}>
        <MicrophoneButton size={18} />
        {phone ? null : <CameraButton size={18} />}
        {own === null || phone ? null : (
          <IconButton className={styles.quiet} icon={PictureInPicture2} data-own-window="" {...own} />
        )}
        {inOwnWindow ? null : (
          <IconButton
            className={styles.quiet}
            icon={Maximize2}
            label={t('control.large')}
            data-large=""
            onClick={large}
          />
        )}
        <LeaveButton size={18} />
      </div>
    </>
  )
}

/** There is no place for it on a small picture. */
function MiniStatus() {
  const { t } = useTranslation('call')
  const { current, phone } = useCallPlace()
  const [peer, another] = current.peers
  return phone && peer !== undefined && another === undefined && peer.state !== 'connected' ? (
    <p className={styles.trouble}>{t(`state.${peer.state}`)}</p>
  ) : (
    <CallStatus />
  )
}

function MiniPicture() {
  const tile = useMiniTile()
  return <MiniTile key={`${tile.of} ${tile.user}`} tile={tile} />
}

function MiniTile({ tile }: { tile: TileName }) {
  const { current } = useCallPlace()
  const box = useRef<HTMLDivElement>(null)
  const size = useSize(box)
  useTellSize(tile, size)
  const someone = useSomeone(current, tile)
  return (
    <div ref={box} className={styles.picture} data-speaking={someone?.speaking || undefined}>
      {someone === undefined ? null : (
        <>
          <span className="hidden">{someone.label}</span>
          <TileFace someone={someone} of={tile.of} size={size} />
        </>
      )}
    </div>
  )
}
