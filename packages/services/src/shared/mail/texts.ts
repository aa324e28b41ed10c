/** What letters say, in each language. What is filled in has been through `cleanWords` before. */
import type { MailLocale, NotificationKind } from '@parley/protocol'
import { en } from './texts-en.ts'
import { vi } from './texts-vi.ts'

export interface MailTexts {
  readonly hello: (name: string) => string
  /** Who gets it without having asked for anything must be told whence it comes. */
  readonly from: (host: string) => string
  readonly verify: {
    readonly subject: string
    readonly words: (username: string) => string
    readonly action: string
    readonly otherwise: string
  }
  readonly reset: {
    readonly subject: string
    readonly words: (username: string) => string
    readonly action: string
    readonly otherwise: string
  }
  readonly newDevice: {
    readonly subject: string
    readonly words: (username: string) => string
    readonly facts: (device: string, when: string, address: string) => string
    readonly unknownDevice: string
    readonly action: string
    readonly otherwise: string
  }
  readonly digest: {
    readonly subject: (count: number) => string
    readonly words: (count: number) => string
    readonly direct: (name: string) => string
    readonly what: Readonly<Record<NotificationKind, (name: string) => string>>
    readonly more: (count: number) => string
    readonly action: string
    readonly why: string
    readonly unsubscribe: string
  }
}

export const mailTexts: Readonly<Record<MailLocale, MailTexts>> = { en, vi }

/** Of a moment, in the time that needs no zone of anybody. */
export function formatMoment(locale: MailLocale, atMs: number): string {
  const format = new Intl.DateTimeFormat(locale === 'vi' ? 'vi-VN' : 'en-GB', {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'UTC',
  })
  return `${format.format(atMs)} (UTC)`
}
