/** E-mail from end to end: verified addresses, what stays unread, a forgotten password, a mail server that is away. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { codeOf } from '../support/auth-kit.ts'
import {
  type Ageable,
  createPeople,
  type Deployment,
  type MailReceiving,
  type People,
  type Person,
  type Topology,
  until,
} from './topology.ts'

const TOLD_WITHIN_MS = 25_000

export function describeMail(topology: Topology<MailReceiving & Ageable>): void {
  describe(`e-mail on ${topology.name}`, () => {
    let deployment: Deployment & MailReceiving & Ageable
    let people: People
    beforeAll(async () => {
      deployment = await topology.start()
      people = createPeople(deployment)
    })
    afterAll(async () => {
      await people.stop()
      await deployment.stop()
    })

    /** Somebody with a verified address. */
    async function reachable(name: string): Promise<Person & { email: string }> {
      const person = await people.join(name)
      const email = `${person.username}@example.org`
      await person.parley.email.change({ email, password: person.password })
      const mail = await deployment.mails.mailTo(email)
      await person.parley.email.verify(mail.token('/verify-email'))
      expect(await person.parley.email.state()).toEqual({ address: email, verified: true, locale: 'en' })
      return { ...person, email }
    }

    it('what stays unread is sent, and one click without signing in ends it', async () => {
      const [ann, ben] = [await people.join('ann'), await reachable('ben')]
      expect(await ben.parley.email.digest()).toBe('1h')
      await ben.parley.email.setDigest('15m')
      // Who is not connected is told at once.
      await ben.parley.stop()
      const room = await ann.parley.createRoom({
        kind: 'group',
        name: 'Night shift',
        usernames: [ben.username],
      })
      const told = (count: number) =>
        vi.waitUntil(
          async () => {
            await ben.parley.inbox.reload()
            return ben.parley.inbox.get().unread === count
          },
          { timeout: TOLD_WITHIN_MS, interval: 200 },
        )
      await told(1)
      const speak = async (body: string, count: number) => {
        ann.parley.send(room.id, { body: `${body} @${ben.username}` })
        await told(count)
      }
      await speak('the kettle is on', 2)
      await deployment.age(16 * 60_000)
      const isDigest = (mail: { subject?: string | undefined }) => mail.subject?.includes('unread') === true
      const digests = () =>
        deployment.mails.received.filter((mail) => mail.recipients.includes(ben.email) && isDigest(mail))
      const digest = await deployment.mails.mailWhere(ben.email, isDigest, TOLD_WITHIN_MS)
      expect(digest.text).toContain('Night shift')
      expect(digest.text).toContain('the kettle is on')
      const url = new URL(/^<(.*)>$/.exec(digest.header('List-Unsubscribe') ?? '')?.[1] ?? '')
      const here = new URL(url.pathname + url.search, deployment.urls[0])
      const page = await fetch(here)
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
      // Programs that look at every link of a letter have changed nothing.
      expect(await ann.parley.email.isSent()).toBe(true)
      const form = new URLSearchParams({ 'List-Unsubscribe': 'One-Click' })
      expect((await fetch(here, { method: 'POST', body: form })).status).toBe(200)
      expect(await ben.parley.email.digest()).toBe('off')
      await speak('the kettle is off', 3)
      await deployment.age(16 * 60_000)
      // A letter that is sent after it has arrived: then this one would have come as well.
      await reachable('carol')
      expect(digests()).toHaveLength(1)
    })

    it('a forgotten password is replaced by the link of a letter, and old sessions are dead', async () => {
      const ben = await reachable('ben')
      await ben.parley.email.forgot(ben.username)
      const mail = await deployment.mails.mailTo(ben.email, 2)
      await ben.parley.email.reset({ token: mail.token('/reset-password'), password: 'a new horse, correct' })
      await until(ben.parley.session, (session) => session.status === 'signed_out', TOLD_WITHIN_MS)
      expect(await codeOf(people.device(ben))).toBe('bad_credentials')
      await people.device({ ...ben, password: 'a new horse, correct' })
      const notice = await deployment.mails.mailTo(ben.email, 3)
      expect(notice.subject).toBe('New sign-in to your account')
    })

    it('while the mail server takes nothing a letter waits, and then arrives once', async () => {
      const ben = await people.join('ben')
      const email = `${ben.username}@example.org`
      deployment.mails.hold()
      await ben.parley.email.change({ email, password: ben.password })
      await deployment.mails.untilHeld(1, TOLD_WITHIN_MS)
      deployment.mails.release()
      const mail = await deployment.mails.mailTo(email, 1, TOLD_WITHIN_MS)
      await ben.parley.email.verify(mail.token('/verify-email'))
      const again = deployment.mails.received.filter((one) => one.recipients.includes(email))
      expect(again).toHaveLength(1)
    })
  })
}
