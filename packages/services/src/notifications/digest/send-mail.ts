/**
 * The consumer of the queue `mail.send`, for letters of every service. Idempotent by the letter's row: it is claimed
 * while it is being sent and settled afterwards. A process that dies between the two leaves one that is sent again
 * once the claim is over, with the same Message-ID.
 */
import { type Log, type MailOutcome, type WorkItem, workBodies } from '@parley/contracts'
import type { MailDependencies } from '../dependencies.ts'

/** Connections to the mail server at a time, of one process. */
export const SEND_AT_ONCE = 4

type LetterSource = Pick<MailDependencies['auth'], 'composeMail' | 'settleMail'>

export function createSendMail(
  mail: MailDependencies,
  own: LetterSource,
  log: Log,
): (item: WorkItem) => Promise<void> {
  let isAway = false

  function noteAway(error: unknown): void {
    if (!isAway) log.warn({ error: String(error) }, 'the mail server does not take mail; letters wait')
    isAway = true
  }

  return async (item) => {
    const { owner, id } = workBodies['mail.due'].parse(JSON.parse(item.body))
    const source = owner === 'auth' ? mail.auth : own
    const { mail: written } = await source.composeMail({ id })
    if (written === null) return
    const { unsubscribe_url: unsubscribeUrl, ...words } = written
    let outcome: MailOutcome
    try {
      outcome = await mail.mailer.send({ id, ...words, unsubscribeUrl })
    } catch (error) {
      // Put off by its row, not by the queue: a mail server may be away for longer than the queue keeps trying.
      noteAway(error)
      await source.settleMail({ id, outcome: 'later' })
      return
    }
    if (isAway) log.info({}, 'the mail server takes mail again')
    isAway = false
    if (outcome === 'refused') log.warn({ id, owner }, 'the mail server refused a letter for good')
    await source.settleMail({ id, outcome })
  }
}
