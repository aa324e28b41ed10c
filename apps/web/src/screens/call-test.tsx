import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { links } from '../app/links.ts'
import { Button } from '../parts/button.tsx'
import styles from '../parts/call-test/call-test.module.css'
import { reportOf } from '../parts/call-test/report.ts'
import { StepList } from '../parts/call-test/step-list.tsx'
import { useTestTexts } from '../parts/call-test/test-texts.ts'
import { type CallTest, useCallTest } from '../parts/call-test/use-call-test.ts'
import { useWords } from '../parts/call-test/use-words.ts'
import { overall } from '../parts/call-test/verdicts.ts'
import { Pane } from '../parts/pane.tsx'
import { useToasts } from '../parts/toasts.tsx'

/** Whether this device, its network and the server can carry calls, and what to do where they cannot. */
export default function CallTestScreen() {
  const { t } = useTestTexts()
  const test = useCallTest()
  return (
    <Pane title={t('title')} back={links.settings}>
      <div className={styles.intro}>
        <p>{t('intro')}</p>
        <p className={styles.soft}>{t('ask')}</p>
      </div>
      <Result test={test} />
      <div className={styles.actions}>
        {test.status === 'running' ? (
          <Button onClick={test.stop}>{t('stop')}</Button>
        ) : (
          <Button look="primary" onClick={test.start}>
            {t(test.status === 'done' ? 'again' : 'start')}
          </Button>
        )}
        {test.status === 'done' ? <Copy test={test} /> : null}
      </div>
      {test.steps.length === 0 ? null : <StepList test={test} />}
    </Pane>
  )
}

/** What came of it in one sentence; it comes into view with the end of the test. */
function Result({ test: { status, steps } }: { test: CallTest }) {
  const { t } = useTestTexts()
  const box = useRef<HTMLParagraphElement>(null)
  const isDone = status === 'done'
  useEffect(() => {
    if (isDone) box.current?.scrollIntoView({ block: 'nearest' })
  }, [isDone])
  const level = overall(steps)
  return (
    <div role="status">
      {isDone ? (
        <p ref={box} className={styles.result} data-level={level}>
          {t(`result.${level}`)}
        </p>
      ) : null}
    </div>
  )
}

function Copy({ test: { steps } }: { test: CallTest }) {
  const { t } = useTestTexts()
  const { i18n } = useTranslation()
  const toasts = useToasts()
  const words = useWords()
  const copy = () => {
    const facts = [
      [t('report.when'), new Date().toISOString()],
      [t('report.address'), location.origin],
      [t('report.browser'), navigator.userAgent],
    ] as const
    const text = reportOf({ title: t('report.title'), facts }, steps.map(words))
    // Missing without TLS.
    const clipboard = (navigator as Partial<Navigator>).clipboard
    Promise.resolve(clipboard?.writeText(text) ?? Promise.reject(new Error('There is no clipboard.'))).then(
      () => toasts.tell(t('copied')),
      () => toasts.tell(t('copyFailed')),
    )
  }
  return (
    <Button lang={i18n.resolvedLanguage} onClick={copy}>
      {t('copy')}
    </Button>
  )
}
