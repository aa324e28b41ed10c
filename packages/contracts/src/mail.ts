/** What services that write letters promise to the one that sends them. */
import * as shape from '@parley/protocol/shapes'
import { z } from 'zod'

/** A letter as it is written at the moment of sending. */
export const writtenMail = z.object({
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  unsubscribe_url: z.string().optional(),
})

export const mailById = z.object({ id: shape.id })
/** Null: there is nothing (more) to send. Throws `conflict` while another process is about to send it. */
export const composedMail = z.object({ mail: writtenMail.nullable() })
/** `later`: the mail server did not take it now; it is due again in a while. */
export const mailOutcome = z.enum(['sent', 'refused', 'later'])
export const mailSettlement = mailById.extend({ outcome: mailOutcome })

export type WrittenMail = z.output<typeof writtenMail>
export type MailOutcome = z.output<typeof mailOutcome>
/** Services that write letters. */
export const mailOwners = ['auth', 'notifications'] as const
export type MailOwner = (typeof mailOwners)[number]
