import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useParley } from '../app/context.ts'
import { links } from '../app/links.ts'
import { useForm } from '../hooks/use-form.ts'
import { useLinkToken } from '../hooks/use-link-token.ts'
import { Button } from '../parts/button.tsx'
import { Form } from '../parts/form.tsx'
import styles from './auth-page.module.css'
import { AuthPage } from './auth-page.tsx'

/** Where the letter about an address leads. A button, because programs that look letters over open their links. */
export function VerifyScreen() {
  const { t } = useTranslation()
  const parley = useParley()
  const token = useLinkToken()
  const [done, setDone] = useState(false)
  const form = useForm({
    fields: [],
    refused: t('field.refused'),
    check: () => ({}),
    send: async () => {
      await parley.email.verify(token)
      setDone(true)
    },
  })
  return (
    <AuthPage title={t('auth.verifyTitle')}>
      {done ? (
        <p className={styles.notice} role="status">
          {t('auth.verifyDone')}
        </p>
      ) : (
        <Form state={form}>
          <p>{t('auth.verifyHint')}</p>
          <Button type="submit" look="primary" busy={form.busy}>
            {t('auth.verifySend')}
          </Button>
        </Form>
      )}
      <p className={styles.other}>
        <Link to={links.home}>{t('auth.toStart')}</Link>
      </p>
    </AuthPage>
  )
}
