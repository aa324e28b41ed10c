import {
  ChevronDown,
  Maximize,
  MessageSquareText,
  Minimize,
  Minimize2,
  PictureInPicture2,
} from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { links } from '../../app/links.ts'
import { IconButton } from '../icon-button.tsx'
import { useCallPlace } from './call-place-context.ts'
import { CallStatus } from './call-status.tsx'
import styles from './stage.module.css'
import type { FullScreen } from './use-full-screen.ts'
import { useOwnWindowButton } from './use-own-window-button.ts'

/** Where one is, for how long, and the ways to something smaller or larger. */
export function StageHead({ title, fullScreen }: { title: string; fullScreen: FullScreen }) {
  const { t } = useTranslation('call')
  const { current, phone, setView } = useCallPlace()
  const [, navigate] = useLocation()
  const own = useOwnWindowButton()
  const shrink = () => {
    fullScreen.leave()
    setView('dock')
  }
  return (
    <header className={styles.head}>
      {phone ? <IconButton icon={ChevronDown} size={22} label={t('control.small')} onClick={shrink} /> : null}
      <div className={styles.titles}>
        <h1 className={styles.title}>{title}</h1>
        <CallStatus />
      </div>
      <IconButton
        icon={MessageSquareText}
        label={t('control.conversation')}
        onClick={() => {
          shrink()
          navigate(links.room(current.call.room))
        }}
      />
      {own === null || phone ? null : <IconButton icon={PictureInPicture2} {...own} />}
      {fullScreen.possible && !phone ? (
        <IconButton
          icon={fullScreen.on ? Minimize : Maximize}
          label={t(fullScreen.on ? 'control.leaveFullScreen' : 'control.fullScreen')}
          onClick={fullScreen.toggle}
        />
      ) : null}
      {phone ? null : <IconButton icon={Minimize2} label={t('control.small')} keys="Esc" onClick={shrink} />}
    </header>
  )
}
