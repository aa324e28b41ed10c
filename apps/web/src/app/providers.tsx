import { CSPProvider } from '@base-ui/react/csp-provider'
import { Tooltip } from '@base-ui/react/tooltip'
import type { i18n } from 'i18next'
import { type ReactNode, StrictMode } from 'react'
import { I18nextProvider } from 'react-i18next'
import { ToastProvider } from '../parts/toasts.tsx'
import { AppContext, type AppServices } from './context.ts'
import { ErrorBoundary } from './error-boundary.tsx'

interface ProvidersProps {
  readonly services: AppServices
  readonly i18n: i18n
  readonly children: ReactNode
}

export function Providers({ services, i18n, children }: ProvidersProps) {
  return (
    <StrictMode>
      <I18nextProvider i18n={i18n}>
        <CSPProvider disableStyleElements>
          <Tooltip.Provider delay={450}>
            <AppContext value={services}>
              <ToastProvider>
                <ErrorBoundary>{children}</ErrorBoundary>
              </ToastProvider>
            </AppContext>
          </Tooltip.Provider>
        </CSPProvider>
      </I18nextProvider>
    </StrictMode>
  )
}
