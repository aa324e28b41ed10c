/** Everything about e-mail in this service, and its lifetimes: the choice of people, digests, and the sending for all. */
import type { AuthService, NotificationsService } from '@parley/contracts'
import { settleMail } from '../../shared/mail/outbox.ts'
import { createMailRelay } from '../../shared/mail/relay.ts'
import { repeat } from '../../shared/repeat.ts'
import type { NotificationsDependencies } from '../dependencies.ts'
import { composeDigest } from './compose-digest.ts'
import { getDigest, setDigest } from './digest-choice.ts'
import { DUE_MAX, findDue } from './find-due.ts'
import { createSendMail, SEND_AT_ONCE } from './send-mail.ts'
import { unsubscribe } from './unsubscribe.ts'

/** A digest is minutes late at the worst for other reasons. */
const DUE_INTERVAL_MS = 1_000
const RETRY_INTERVAL_MS = 5_000

export interface Mails extends Pick<NotificationsService, 'getDigest' | 'setDigest' | 'unsubscribe'> {
  start(): Promise<void>
  close(): Promise<void>
}

export function createMails(dependencies: NotificationsDependencies): Mails {
  const { mail } = dependencies
  const sending = mail === undefined ? undefined : createSending(dependencies, mail)
  return {
    getDigest: (input) => getDigest(dependencies, input),
    setDigest: (input) => setDigest(dependencies, input),
    unsubscribe: (input) => unsubscribe(dependencies, input),
    start: async () => sending?.start(),
    close: async () => sending?.close(),
  }
}

function createSending(
  dependencies: NotificationsDependencies,
  mail: NonNullable<NotificationsDependencies['mail']>,
) {
  const { database, queue, clock, log } = dependencies
  const relay = createMailRelay({ database, schema: 'notifications', queue, clock, log })
  const due = repeat(clock, async () => {
    try {
      const count = await findDue(dependencies)
      if (count > 0) relay.hurry()
      return count === DUE_MAX ? 0 : DUE_INTERVAL_MS
    } catch (error) {
      log.debug({ error: String(error) }, 'digests that are due could not be looked up')
      return RETRY_INTERVAL_MS
    }
  })
  const own: Pick<AuthService, 'composeMail' | 'settleMail'> = {
    composeMail: async ({ id }) => ({ mail: await composeDigest(dependencies, mail, id) }),
    async settleMail(input) {
      await settleMail(database, 'notifications', clock.now(), input)
      return {}
    },
  }
  let endWork: (() => Promise<void>) | undefined

  return {
    async start(): Promise<void> {
      endWork = await queue.consume('mail.send', SEND_AT_ONCE, createSendMail(mail, own, log))
      relay.start()
      due.start()
    },
    async close(): Promise<void> {
      await due.close()
      await relay.close()
      await endWork?.()
    },
  }
}
