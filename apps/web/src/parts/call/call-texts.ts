/** The texts of calls come with calls, as a namespace of their own: `useTranslation('call')`. */
import type { i18n } from 'i18next'
import { call as en } from '../../i18n/en-call.ts'
import { call as vi } from '../../i18n/vi-call.ts'

/** Idempotent; to be called before a part of calls is drawn. */
export function addCallTexts(instance: i18n): void {
  if (instance.hasResourceBundle('en', 'call')) return
  instance.addResourceBundle('en', 'call', en)
  instance.addResourceBundle('vi', 'call', vi)
}
