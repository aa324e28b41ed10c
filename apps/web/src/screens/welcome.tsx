import { useTranslation } from 'react-i18next'
import { useOverlays } from '../app/overlays.ts'
import { Button } from '../parts/button.tsx'
import { Mark } from '../parts/mark.tsx'
import styles from './welcome.module.css'

/** Beside the list while no chat is chosen; a phone shows the list alone. */
export function WelcomeScreen() {
  const { t } = useTranslation()
  const overlays = useOverlays()
  return (
    <div className={styles.welcome}>
      <Mark size={56} />
      <h1 className={styles.title}>{t('welcome.title')}</h1>
      <p className={styles.hint}>{t('welcome.hint')}</p>
      <Button look="primary" onClick={() => overlays.open('start')}>
        {t('rooms.new')}
      </Button>
      <dl className={styles.keys}>
        <dt>
          <kbd>Ctrl K</kbd>
        </dt>
        <dd>{t('welcome.keySwitch')}</dd>
        <dt>
          <kbd>↑</kbd>
        </dt>
        <dd>{t('welcome.keyEdit')}</dd>
        <dt>
          <kbd>Enter</kbd>
        </dt>
        <dd>{t('welcome.keySend')}</dd>
      </dl>
    </div>
  )
}
