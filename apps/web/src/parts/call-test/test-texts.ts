/** The texts of the self-test and of the settings of calls come with them, as a namespace of their own. */
import { useTranslation } from 'react-i18next'
import { callTest as en } from '../../i18n/en-call-test.ts'
import { callTest as vi } from '../../i18n/vi-call-test.ts'

export function useTestTexts() {
  const { i18n } = useTranslation()
  if (!i18n.hasResourceBundle('en', 'callTest')) {
    i18n.addResourceBundle('en', 'callTest', en)
    i18n.addResourceBundle('vi', 'callTest', vi)
  }
  return useTranslation('callTest')
}
