/** What the rows of `auth.mail` are about; none holds a token or a word of the letter. */
import type { Queryable } from '@parley/contracts'
import { z } from 'zod'
import { addMail } from '../../shared/mail/outbox.ts'
import type { AuthContext } from '../context.ts'

export const mailAbout = {
  verify: z.object({ account: z.string(), email: z.string() }),
  /** What was typed: whether there is such an account is looked up where nobody waits for the answer. */
  reset: z.object({ login: z.string() }),
  new_device: z.object({ account: z.string(), device: z.string(), address: z.string(), at: z.number() }),
} as const

export type MailKind = keyof typeof mailAbout

/** In the transaction of what it tells; nothing where no mail is sent. */
export async function queueMail<Kind extends MailKind>(
  context: Pick<AuthContext, 'mail' | 'newId' | 'clock'>,
  transaction: Queryable,
  kind: Kind,
  about: z.input<(typeof mailAbout)[Kind]>,
): Promise<void> {
  if (context.mail === undefined) return
  await addMail(transaction, 'auth', context.clock.now(), [{ id: context.newId(), kind, about }])
}
