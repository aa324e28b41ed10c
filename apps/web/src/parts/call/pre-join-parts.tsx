import { Mic, MicOff, Video, VideoOff } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { links } from '../../app/links.ts'
import { useMe } from '../../hooks/use-people.ts'
import { Avatar } from '../avatar.tsx'
import { Button } from '../button.tsx'
import { IconButton } from '../icon-button.tsx'
import type { MediaProblem } from './media-problem.ts'
import { Picture } from './picture.tsx'
import styles from './pre-join.module.css'
import { usePreJoin } from './pre-join-store.ts'
import type { Preview, PreviewState } from './preview.ts'
import { useLevel } from './use-level.ts'

interface ViewfinderProps {
  readonly preview: Preview | null
  readonly state: PreviewState
  readonly media: 'sound' | 'video'
  readonly onAgain: () => void
}

/** One's own picture, or why there is none, with the two switches on it. */
export function Viewfinder({ preview, state, media, onAgain }: ViewfinderProps) {
  const { t } = useTranslation('call')
  const { microphone, camera, asking } = state
  const problem = microphone.problem ?? camera.problem
  return (
    <div
      className={styles.finder}
      data-media={media}
      data-problem={(camera.track === null && problem !== null && !asking) || undefined}
    >
      {camera.track === null || preview === null ? (
        <Instead state={state} media={media} onAgain={problem === null ? undefined : onAgain} />
      ) : (
        <>
          <Picture stream={preview.stream} mirrored label={t('preJoin.picture')} />
          {microphone.problem === null || asking ? null : (
            <div className={styles.over}>
              <ProblemText of="microphone" problem={microphone.problem} />
              <Button onClick={onAgain}>{t('preJoin.again')}</Button>
            </div>
          )}
        </>
      )}
      <div className={styles.switches}>
        <IconButton
          className={styles.round}
          icon={microphone.on && microphone.problem === null ? Mic : MicOff}
          label={t(microphone.on ? 'control.mute' : 'control.unmute')}
          data-off={!microphone.on || microphone.problem !== null || undefined}
          disabled={preview === null}
          onClick={() => preview?.set('microphone', !microphone.on)}
        />
        {media === 'video' ? (
          <IconButton
            className={styles.round}
            icon={camera.track === null ? VideoOff : Video}
            label={t(camera.on ? 'control.cameraOff' : 'control.cameraOn')}
            data-off={camera.track === null || undefined}
            disabled={preview === null}
            onClick={() => preview?.set('camera', !camera.on)}
          />
        ) : null}
      </div>
    </div>
  )
}

interface InsteadProps {
  readonly state: PreviewState
  readonly media: 'sound' | 'video'
  readonly onAgain: (() => void) | undefined
}

function Instead({ state, media, onAgain }: InsteadProps) {
  const { t } = useTranslation('call')
  const me = useMe()
  const { microphone, camera, asking } = state
  if (asking && microphone.track === null)
    return (
      <div className={styles.instead} role="status">
        <p className={styles.strong}>
          {t(media === 'video' ? 'preJoin.waitingTitle' : 'preJoin.waitingSoundTitle')}
        </p>
        <p className={styles.hint}>{t('preJoin.waiting')}</p>
      </div>
    )
  const both = microphone.problem !== null && microphone.problem === camera.problem
  const problem = microphone.problem ?? camera.problem
  if (problem !== null)
    return (
      <div className={styles.instead}>
        <ProblemText
          of={both ? 'both' : microphone.problem === null ? 'camera' : 'microphone'}
          problem={problem}
        />
        <Button onClick={onAgain}>{t('preJoin.again')}</Button>
      </div>
    )
  return (
    <div className={styles.instead}>
      <Avatar id={me.id} name={me.display_name} size={72} picture={me.avatar_url} />
      {media === 'video' ? <p className={styles.hint}>{t('preJoin.cameraIsOff')}</p> : null}
    </div>
  )
}

/** What is wrong, and what to do about it. */
export function ProblemText({
  of,
  problem,
}: {
  of: 'both' | 'microphone' | 'camera'
  problem: MediaProblem
}) {
  const { t } = useTranslation('call')
  const { close } = usePreJoin()
  return (
    <div role="alert">
      <p className={styles.strong}>{t(`problem.${problem}.${of}`)}</p>
      <p className={styles.hint}>{t(`problem.${problem}.hint`)}</p>
      <Link to={links.callTest} className={styles.test} onClick={close}>
        {t('preJoin.test')}
      </Link>
    </div>
  )
}

/** A bar for the eye; in words only when nothing is heard. */
export function Level({ track }: { track: MediaStreamTrack | null }) {
  const { t } = useTranslation('call')
  const { bar, quiet } = useLevel(track)
  return (
    <div className={styles.level}>
      <Mic size={16} aria-hidden="true" />
      <div ref={bar} className={styles.bar} role="img" aria-label={t('preJoin.level')}>
        <span />
      </div>
      <p className={styles.quiet} role="status">
        {quiet ? t('preJoin.quiet') : ''}
      </p>
    </div>
  )
}
