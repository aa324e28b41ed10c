/** How the settings of e-mail are read; see `kinds.ts`. */
import { PlainError } from '../plain-error.ts'
import { engineUrlWithHost } from './kinds.ts'

const FROM_MAX_CHARS = 320

export function smtpUrl(text: string): string {
  const url = engineUrlWithHost(text, ['smtp:', 'smtps:'], 'smtp://user:password@host:587')
  if (url.pathname.replace('/', '') !== '' || url.hash !== '')
    throw new PlainError('must be a URL without path and fragment')
  if ((url.username === '') !== (url.password === ''))
    throw new PlainError('must have both a user name and a password, or neither')
  if (url.search !== '' && url.search !== '?tls=optional')
    throw new PlainError('must have as its query nothing or tls=optional')
  return text
}

/** `Name <address>` or an address. */
export function mailFrom(text: string): string {
  const address = /^[^<>"\r\n]*<([^<>]+)>$/.exec(text)?.[1] ?? text
  if (
    text.length > FROM_MAX_CHARS ||
    /[\r\n]/.test(text) ||
    !/^[^\s@<>",;:\\]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(address)
  ) {
    throw new PlainError('must be an address such as chat@example.org, or Parley <chat@example.org>')
  }
  return text
}
