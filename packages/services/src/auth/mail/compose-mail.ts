/** Writes the auth service's letters at the moment they are sent, from what holds then. */
import type { WrittenMail } from '@parley/contracts'
import type { MailLocale } from '@parley/protocol'
import { claimMail, LETTER_MAX_AGE_MS, settleMail as settle } from '../../shared/mail/outbox.ts'
import { formatMoment, mailTexts } from '../../shared/mail/texts.ts'
import { cleanWords } from '../../shared/mail/words.ts'
import { type LetterPart, writeLetter } from '../../shared/mail/write-letter.ts'
import type { AuthContext, AuthVerb } from '../context.ts'
import { type MailKind, mailAbout } from './mail-about.ts'
import { makeToken } from './mail-tokens.ts'

const DEVICE_MAX_CHARS = 120

interface Addressee {
  id: string
  username: string
  email: string
  locale: MailLocale
}

type Writers = {
  readonly [Kind in MailKind]: (
    context: AuthContext,
    base: string,
    about: ReturnType<(typeof mailAbout)[Kind]['parse']>,
  ) => Promise<WrittenMail | undefined>
}

export const composeMail: AuthVerb<'composeMail'> = async (context, { id }) => {
  const { database, clock, mail } = context
  if (mail === undefined) return { mail: null }
  const row = await claimMail(database, 'auth', clock.now(), id)
  if (row === undefined) return { mail: null }
  const isLate = row.created_at <= clock.now() - LETTER_MAX_AGE_MS
  const written = isLate ? undefined : await write(context, mail.publicUrl, row.kind, row.about)
  if (written === undefined) {
    await settle(database, 'auth', clock.now(), { id, outcome: 'dropped' })
    return { mail: null }
  }
  return { mail: written }
}

export const settleMail: AuthVerb<'settleMail'> = async ({ database, clock }, input) => {
  await settle(database, 'auth', clock.now(), input)
  return {}
}

async function write(
  context: AuthContext,
  base: string,
  kind: string,
  about: unknown,
): Promise<WrittenMail | undefined> {
  switch (kind) {
    case 'verify':
      return writers.verify(context, base, mailAbout.verify.parse(about))
    case 'reset':
      return writers.reset(context, base, mailAbout.reset.parse(about))
    case 'new_device':
      return writers.new_device(context, base, mailAbout.new_device.parse(about))
    default:
      return undefined
  }
}

const writers: Writers = {
  async verify(context, base, { account, email }) {
    const person = await findPerson(
      context,
      `a.id = $1 and not a.disabled and (a.email_pending = $2 or (a.email = $2 and a.email_verified_at is null))`,
      [account, email],
    )
    if (person === undefined) return undefined
    const token = await makeToken(context.database, context.clock.now(), 'verify', { account, email })
    const texts = mailTexts[person.locale].verify
    // Anybody may name this address as theirs: nothing that they chose at will goes into the letter.
    return letter({ ...person, email }, base, texts.subject, [
      { type: 'words', text: texts.words(cleanWords(person.username)) },
      { type: 'link', label: texts.action, url: `${base}/verify-email#${token}` },
      { type: 'words', text: texts.otherwise },
    ])
  },
  async reset(context, base, { login }) {
    const person = await findPerson(
      context,
      `(a.email = $1 or a.username = $1) and a.email_verified_at is not null and not a.disabled`,
      [login],
    )
    if (person === undefined) return undefined
    const token = await makeToken(context.database, context.clock.now(), 'reset', {
      account: person.id,
      email: person.email,
    })
    const texts = mailTexts[person.locale].reset
    return letter(person, base, texts.subject, [
      { type: 'words', text: texts.words(cleanWords(person.username)) },
      { type: 'link', label: texts.action, url: `${base}/reset-password#${token}` },
      { type: 'words', text: texts.otherwise },
    ])
  },
  async new_device(context, base, { account, device, address, at }) {
    const person = await findPerson(
      context,
      'a.id = $1 and a.email_verified_at is not null and not a.disabled',
      [account],
    )
    if (person === undefined) return undefined
    const texts = mailTexts[person.locale].newDevice
    const name = cleanWords(device, DEVICE_MAX_CHARS)
    return letter(person, base, texts.subject, [
      { type: 'words', text: texts.words(cleanWords(person.username)) },
      {
        type: 'words',
        text: texts.facts(name === '' ? texts.unknownDevice : name, formatMoment(person.locale, at), address),
      },
      { type: 'words', text: texts.otherwise },
      { type: 'link', label: texts.action, url: `${base}/settings` },
    ])
  },
}

/** `email` is that of the row even where the condition is about a pending one. */
async function findPerson(
  { database }: AuthContext,
  where: string,
  values: readonly unknown[],
): Promise<Addressee | undefined> {
  const { rows } = await database.query<Addressee>(
    `select a.id, a.username, coalesce(a.email, '') as email, a.locale from auth.account a where ${where} limit 1`,
    values,
  )
  return rows[0]
}

function letter(
  { email, locale }: Addressee,
  base: string,
  subject: string,
  parts: readonly LetterPart[],
): WrittenMail {
  const from: LetterPart = { type: 'small', text: mailTexts[locale].from(new URL(base).host) }
  return { to: email, ...writeLetter({ locale, subject, parts: [...parts, from] }) }
}
