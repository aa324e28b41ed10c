import { BellOff, CheckCheck } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useParley } from '../app/context.ts'
import { links } from '../app/links.ts'
import { useStore } from '../hooks/use-store.ts'
import { Button } from '../parts/button.tsx'
import { Empty } from '../parts/empty.tsx'
import { IconButton } from '../parts/icon-button.tsx'
import { InboxRow } from '../parts/inbox/inbox-row.tsx'
import { Pane } from '../parts/pane.tsx'
import { SkeletonRows } from '../parts/skeleton.tsx'
import { useToasts } from '../parts/toasts.tsx'
import styles from './lists.module.css'

/** What concerns me and came while I was not looking. */
export default function InboxScreen() {
  const { t } = useTranslation()
  const { inbox } = useParley()
  const toasts = useToasts()
  const { unread } = useStore(inbox)
  // Texts may have been edited or deleted since they were told.
  useEffect(() => void inbox.reload(), [inbox])
  return (
    <Pane
      title={t('inbox.title')}
      actions={
        unread === 0 ? null : (
          <IconButton
            icon={CheckCheck}
            label={t('inbox.readAll')}
            onClick={() => void inbox.read('all').catch(toasts.fail)}
          />
        )
      }
    >
      <PushHint />
      <Items />
    </Pane>
  )
}

/** Where nothing draws attention once the page is closed, and something could. */
function PushHint() {
  const { t } = useTranslation()
  const status = useStore(useParley().push)
  if (status !== 'off') return null
  return (
    <p className={styles.note}>
      {t('inbox.pushOff')} <Link to={links.settings}>{t('inbox.pushChange')}</Link>
    </p>
  )
}

function Items() {
  const { t } = useTranslation()
  const { inbox } = useParley()
  const toasts = useToasts()
  const { items, status, hasOlder } = useStore(inbox)
  const [busy, setBusy] = useState(false)
  if (items.length === 0 && status === 'loading') return <SkeletonRows count={6} height={64} />
  if (items.length === 0 && status === 'error')
    return (
      <div role="alert">
        <Empty title={t('inbox.loadError')}>
          <Button onClick={() => void inbox.reload()}>{t('action.reload')}</Button>
        </Empty>
      </div>
    )
  if (items.length === 0) return <Empty icon={BellOff} title={t('inbox.empty')} hint={t('inbox.emptyHint')} />
  const more = () => {
    setBusy(true)
    inbox
      .loadOlder()
      .catch(toasts.fail)
      .finally(() => setBusy(false))
  }
  return (
    <>
      <ul className={styles.list}>
        {items.map((item) => (
          <InboxRow key={item.id} item={item} />
        ))}
      </ul>
      {hasOlder ? (
        <Button className={styles.more} busy={busy} onClick={more}>
          {t('action.showMore')}
        </Button>
      ) : null}
    </>
  )
}
