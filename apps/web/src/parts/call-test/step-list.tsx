import { CircleAlert, CircleCheck, CircleMinus, CircleX, Info, LoaderCircle } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { Button } from '../button.tsx'
import styles from './call-test.module.css'
import type { Step } from './run-test.ts'
import { useTestTexts } from './test-texts.ts'
import type { CallTest } from './use-call-test.ts'
import { useWords } from './use-words.ts'

const icons = {
  good: CircleCheck,
  note: Info,
  warning: CircleAlert,
  fault: CircleX,
  skipped: CircleMinus,
} as const

export function StepList({ test }: { test: CallTest }) {
  const { t } = useTestTexts()
  return (
    <ol className={styles.steps} aria-label={t('steps')}>
      {test.steps.map((step) => (
        <StepRow key={step.name + (step.server?.url ?? '')} step={step} test={test} />
      ))}
    </ol>
  )
}

function StepRow({ step, test }: { step: Step; test: CallTest }) {
  const { title, detail, level, sentence } = useWords()(step)
  const isRunning = step.verdict === null
  const isAsked = isRunning && test.answer !== null
  const Icon = step.verdict === null ? LoaderCircle : icons[step.verdict.level]
  return (
    <li className={styles.step} data-level={step.verdict?.level ?? 'running'}>
      <Icon size={20} aria-hidden="true" className={styles.icon} />
      <div className={styles.words}>
        <h2 className={styles.title}>
          {title}
          {level === '' ? null : <span className="hidden">: {level}</span>}
        </h2>
        {detail === '' ? null : <p className={styles.detail}>{detail}</p>}
        {isAsked ? null : (
          <p className={styles.sentence} role={isRunning ? 'status' : undefined}>
            {sentence}
          </p>
        )}
        {isRunning ? <Doing name={step.name} test={test} /> : null}
      </div>
    </li>
  )
}

/** What a step shows or asks while it goes on. */
function Doing({ name, test }: { name: Step['name']; test: CallTest }) {
  if (name === 'camera' && test.picture !== null) return <Picture stream={test.picture} />
  if (name === 'microphone') return <Meter level={test.level} />
  if (name === 'speakers' && test.answer !== null) return <Heard answer={test.answer} />
  return null
}

function Picture({ stream }: { stream: MediaStream }) {
  const { t } = useTestTexts()
  const video = useRef<HTMLVideoElement>(null)
  useEffect(() => {
    const element = video.current
    if (element === null) return
    element.srcObject = stream
    element.play().catch(() => undefined)
  }, [stream])
  return <video ref={video} className={styles.picture} muted playsInline aria-label={t('step.camera')} />
}

/** Ears hear a ratio as a step: the bar begins at −60 dB. */
function Meter({ level }: { level: number }) {
  const part = level <= 0 ? 0 : Math.min(1, Math.max(0, 1 + Math.log10(level) / 3))
  return (
    <span className={styles.meter} aria-hidden="true">
      <span style={{ '--part': part.toFixed(2) }} />
    </span>
  )
}

function Heard({ answer }: { answer: NonNullable<CallTest['answer']> }) {
  const { t } = useTestTexts()
  const first = useRef<HTMLButtonElement>(null)
  // The test waits for it.
  useEffect(() => first.current?.focus(), [])
  return (
    <fieldset className={styles.heard}>
      <legend>{t('heard')}</legend>
      <Button ref={first} look="primary" onClick={() => answer('yes')}>
        {t('heardYes')}
      </Button>
      <Button onClick={() => answer('no')}>{t('heardNo')}</Button>
      <Button look="ghost" onClick={() => answer('again')}>
        {t('heardAgain')}
      </Button>
    </fieldset>
  )
}
