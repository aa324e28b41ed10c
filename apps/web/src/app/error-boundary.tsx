import { Component, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../parts/button.tsx'
import { Empty } from '../parts/empty.tsx'

interface Boundary {
  readonly failed: boolean
}

/** A fault in one part of the page says so, instead of leaving a white page. */
export class ErrorBoundary extends Component<{ children: ReactNode }, Boundary> {
  override state: Boundary = { failed: false }

  static getDerivedStateFromError(): Boundary {
    return { failed: true }
  }

  override render() {
    return this.state.failed ? <Crashed /> : this.props.children
  }
}

function Crashed() {
  const { t } = useTranslation()
  return (
    <main>
      <Empty title={t('error.crashed')} hint={t('error.crashedHint')}>
        <Button look="primary" onClick={() => location.reload()}>
          {t('error.reloadPage')}
        </Button>
      </Empty>
    </main>
  )
}
