/** The texts of calls seen from outside come with the parts that use them, as a namespace of their own. */
import { useTranslation } from 'react-i18next'
import { callAround as en } from '../../i18n/en-call-around.ts'
import { callAround as vi } from '../../i18n/vi-call-around.ts'

export function useAroundTexts() {
  const { i18n } = useTranslation()
  if (!i18n.hasResourceBundle('en', 'callAround')) {
    i18n.addResourceBundle('en', 'callAround', en)
    i18n.addResourceBundle('vi', 'callAround', vi)
  }
  return useTranslation('callAround')
}
