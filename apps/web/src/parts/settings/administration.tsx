import { useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParley } from '../../app/context.ts'
import { errorCode } from '../../hooks/use-error-text.ts'
import { useForm } from '../../hooks/use-form.ts'
import { useLoad } from '../../hooks/use-load.ts'
import { Button } from '../button.tsx'
import { Failure } from '../empty.tsx'
import { Field } from '../field.tsx'
import { Form } from '../form.tsx'
import { SkeletonRows } from '../skeleton.tsx'
import styles from './settings.module.css'

/** Where the setup code of the first start is taken. */
export function Administration() {
  const { t } = useTranslation()
  const parley = useParley()
  const { state, reload } = useLoad(useCallback(() => parley.permissions(), [parley]))
  if (state.status === 'loading') return <SkeletonRows count={1} height={60} />
  if (state.status === 'error') return <Failure error={state.error} onRetry={reload} />
  return state.value.admin ? (
    <p className={styles.when}>{t('settings.isAdmin')}</p>
  ) : (
    <SetupForm onDone={reload} />
  )
}

function SetupForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const parley = useParley()
  const [code, setCode] = useState('')
  const [refused, setRefused] = useState(false)
  const form = useForm({
    fields: ['code'],
    refused: t('settings.setupRefused'),
    check: () => ({ code: code.trim() === '' ? t('field.required') : undefined }),
    send: async () => {
      setRefused(false)
      try {
        await parley.claimSetup(code.trim())
        onDone()
      } catch (error) {
        if (errorCode(error) !== 'forbidden') throw error
        setRefused(true)
      }
    },
  })
  return (
    <Form state={form} className={styles.form}>
      <Field
        label={t('settings.setupCode')}
        name="code"
        value={code}
        onValue={setCode}
        hint={t('settings.setupHint')}
        error={form.errors.code ?? (refused ? t('settings.setupRefused') : undefined)}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
      />
      <Button type="submit" busy={form.busy}>
        {t('settings.setupClaim')}
      </Button>
    </Form>
  )
}
