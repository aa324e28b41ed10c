/** The protocol's rules for what people type, as sentences; the server decides, this only spares a round trip. */
import {
  characterCount,
  EMAIL_MAX_CHARS,
  isPlainName,
  NAME_MAX_CHARS,
  normalizeName,
  PASSWORD_MAX_CHARS,
  PASSWORD_MIN_CHARS,
  USERNAME_MAX_CHARS,
  USERNAME_MIN_CHARS,
} from '@parley/protocol'
import type { TFunction } from 'i18next'

type Verdict = string | undefined

export function usernameRule(text: string, t: TFunction): Verdict {
  if (text.trim() === '') return t('field.required')
  const name = text.trim().toLowerCase()
  const fits = name.length >= USERNAME_MIN_CHARS && name.length <= USERNAME_MAX_CHARS
  return fits && /^[a-z0-9][a-z0-9_.-]*[a-z0-9]$/.test(name) ? undefined : t('field.username')
}

export function passwordRule(text: string, t: TFunction): Verdict {
  if (text === '') return t('field.required')
  const count = characterCount(text)
  if (count < PASSWORD_MIN_CHARS) return t('field.passwordShort', { min: PASSWORD_MIN_CHARS })
  if (count > PASSWORD_MAX_CHARS) return t('field.passwordLong', { max: PASSWORD_MAX_CHARS })
  return undefined
}

export function nameRule(text: string, t: TFunction): Verdict {
  const name = normalizeName(text)
  if (name === '') return t('field.required')
  if (!isPlainName(text) || characterCount(name) > NAME_MAX_CHARS)
    return t('field.name', { max: NAME_MAX_CHARS })
  return undefined
}

export function roomNameRule(text: string, t: TFunction): Verdict {
  const reserved = ['join', 'join-notification'].includes(normalizeName(text).toLowerCase())
  return reserved ? t('field.nameReserved') : nameRule(text, t)
}

export function emailRule(text: string, t: TFunction): Verdict {
  const email = text.trim()
  if (email === '') return undefined
  return email.length <= EMAIL_MAX_CHARS && /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)
    ? undefined
    : t('field.email')
}
