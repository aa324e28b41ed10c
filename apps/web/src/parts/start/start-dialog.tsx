import { Tabs } from '@base-ui/react/tabs'
import { useTranslation } from 'react-i18next'
import { Modal } from '../modal.tsx'
import { DirectForm } from './direct-form.tsx'
import { GroupForm } from './group-form.tsx'
import { PublicForm } from './public-form.tsx'
import styles from './start.module.css'

interface StartDialogProps {
  readonly open: boolean
  readonly onClose: () => void
}

/** The three ways to begin a conversation. */
export default function StartDialog({ open, onClose }: StartDialogProps) {
  const { t } = useTranslation()
  return (
    <Modal open={open} onClose={onClose} title={t('start.title')}>
      <Tabs.Root defaultValue="direct" className={styles.tabs}>
        <Tabs.List className={styles.list}>
          {(['direct', 'group', 'public'] as const).map((kind) => (
            <Tabs.Tab key={kind} value={kind} className={styles.tab}>
              {t(`start.${kind}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="direct" className={styles.panel}>
          <DirectForm onDone={onClose} />
        </Tabs.Panel>
        <Tabs.Panel value="group" className={styles.panel}>
          <GroupForm onDone={onClose} />
        </Tabs.Panel>
        <Tabs.Panel value="public" className={styles.panel}>
          <PublicForm onDone={onClose} />
        </Tabs.Panel>
      </Tabs.Root>
    </Modal>
  )
}
