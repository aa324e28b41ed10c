/** What stays unread is sent by e-mail: on real rooms, a real inbox and a real SMTP server; the clock is moved by hand. */
import { createInProcessWorkQueue } from '@parley/adapters/embedded/in-process-work-queue'
import { createSmtpMailer } from '@parley/adapters/smtp/create-smtp-mailer'
import { silentLog } from '@parley/contracts'
import type { MailLocale } from '@parley/protocol'
import { createMails } from '@parley/services/notifications/digest/create-mails'
import { findDue } from '@parley/services/notifications/digest/find-due'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { codeOf } from '../support/auth-kit.ts'
import { type MailServer, startMailServer } from '../support/mail-server.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createNotificationsKit, type NotificationsKit } from '../support/notifications-kit.ts'

const PUBLIC_URL = 'https://chat.example.org'
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

let kit: NotificationsKit
let server: MailServer
let office: ReturnType<typeof createOffice>
let ann: string

beforeAll(async () => {
  kit = await createNotificationsKit()
  server = await startMailServer()
  ann = await kit.person()
})
// Each with a clock of its own: what is said is said now.
beforeEach(async () => {
  office = createOffice()
  await office.mails.start()
})
afterEach(() => office.close())
afterAll(async () => {
  await server.stop()
  await kit.close()
})

function createOffice() {
  const clock = createManualClock(Date.now())
  const queue = createInProcessWorkQueue(silentLog)
  const mailer = createSmtpMailer({ url: `smtp://127.0.0.1:${server.port}`, from: 'Chat <chat@example.org>' })
  /** Who has a verified address, and the language of letters to them. */
  const readers = new Map<string, MailLocale>()
  const none = async (): Promise<never> => {
    throw new Error('no letter of another service is expected')
  }
  const dependencies = {
    ...kit.dependencies,
    clock,
    queue,
    mail: {
      mailer,
      publicUrl: PUBLIC_URL,
      auth: {
        composeMail: none,
        settleMail: none,
        mailRecipient: async ({ user }: { user: string }) => {
          const locale = readers.get(user)
          return {
            recipient: locale === undefined ? null : { address: addressOf(user), name: 'Ben <Ten>', locale },
          }
        },
      },
    },
  }
  const mails = createMails(dependencies)
  return {
    mails,
    readers,
    dependencies,
    clock,
    /** Lets so much time pass, and everything that is due in it happen. */
    async pass(ms: number) {
      clock.advance(ms)
      await settle()
    },
    async close() {
      await mails.close()
      mailer.close()
      await queue.close()
    },
  }

  async function settle(): Promise<void> {
    for (;;) {
      const { rows } = await kit.database.query<{ open: number }>(
        `select (select count(*) from notifications.mail where outcome is null)
           + (select count(*) from notifications.person where digest_due_at <= $1) as open`,
        [clock.now()],
      )
      if (Number(rows[0]?.open) === 0) return
      clock.advance(1_000)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

const addressOf = (user: string): string => `${user.toLowerCase()}@example.org`
const lettersTo = (user: string) =>
  server.received.filter((mail) => mail.recipients.includes(addressOf(user)))

/** A reader with a verified address, in a public room with Ann. */
async function reader(locale: MailLocale = 'en') {
  const name = `ben-${Math.random().toString(36).slice(2, 12)}x`
  const id = await kit.person(name)
  office.readers.set(id, locale)
  const room = await kit.publicRoom(ann, id)
  const say = async (words: string) => {
    const seq = await kit.send(ann, room, `${words} @${name}`)
    await kit.work(room)
    return seq
  }
  const invite = async (...names: string[]) =>
    (
      await kit.rooms.createRoom({
        user: ann,
        kind: 'group',
        name: 'Tea & <b>cake</b>',
        usernames: [name, ...names],
      })
    ).room.id
  return { id, name, room, say, invite }
}

describe('what stays unread', () => {
  it('is sent after an hour, once, grouped by room, in words and in HTML', async () => {
    const ben = await reader()
    const group = await ben.invite()
    await kit.rooms.appendCallLine({
      room: group,
      sender: ann,
      client_id: 'call:1',
      line: { call: 'call', line: 'missed', media: 'sound', rung: [ben.id] },
    })
    await kit.work(group)
    await ben.say('first <script>alert(1)</script> http://evil.example/x')
    await ben.say('second')
    await office.pass(HOUR_MS - 5_000 - MINUTE_MS)
    expect(lettersTo(ben.id)).toEqual([])
    await office.pass(2 * MINUTE_MS)
    const [mail, ...others] = lettersTo(ben.id)
    expect(others).toEqual([])
    expect(mail?.subject).toBe('4 unread notifications for you')
    const text = mail?.text ?? ''
    expect(text).toContain('Hello Ben <Ten>,')
    expect(text).toContain('— Tea & <b>cake</b> —')
    expect(text).toMatch(/Missed call from \S/)
    expect(text.indexOf('first')).toBeGreaterThan(0)
    expect(text.indexOf('first')).toBeLessThan(text.indexOf('second'))
    expect(text).toContain(`${PUBLIC_URL}/inbox`)
    const html = mail?.html ?? ''
    expect(html).toContain('first &lt;script&gt;')
    expect(html).toContain('Tea &amp; &lt;b&gt;cake&lt;/b&gt;')
    const linked = [...html.matchAll(/href="([^"]*)"/g)].map(([, url]) => new URL(url ?? '').host)
    expect(new Set(linked)).toEqual(new Set(['chat.example.org']))
    expect(text + html).not.toContain('http://evil.example')
    await office.pass(24 * HOUR_MS)
    expect(lettersTo(ben.id)).toHaveLength(1)
  })

  it('is told in the language of its reader', async () => {
    const ben = await reader('vi')
    await ben.say('xin chào')
    await office.pass(2 * HOUR_MS)
    expect(lettersTo(ben.id)[0]?.subject).toBe('1 thông báo chưa đọc dành cho bạn')
    expect(lettersTo(ben.id)[0]?.text).toContain('đã nhắc đến bạn')
  })

  it('and was read, muted or closed to the reader meanwhile is not told', async () => {
    const [read, left, muted, cleared] = [await reader(), await reader(), await reader(), await reader()]
    const all = [read, left, muted, cleared]
    const seqs = await Promise.all(all.map((one) => one.say('secret')))
    await kit.rooms.mark({ user: read.id, room: read.room, read: seqs[0] ?? 0 })
    await kit.rooms.removeMember({ user: ann, member: left.id, room: left.room })
    await kit.notifications.setRoomLevel({ user: muted.id, room: muted.room, level: 'none' })
    await kit.notifications.readNotifications({ user: cleared.id })
    await office.pass(3 * HOUR_MS)
    expect(all.flatMap((one) => lettersTo(one.id))).toEqual([])
  })

  it('comes with a letter at most once per delay, and nothing is told twice', async () => {
    const ben = await reader()
    await office.mails.setDigest({ user: ben.id, digest: '15m' })
    await ben.say('alpha')
    await office.pass(16 * MINUTE_MS)
    await ben.say('beta')
    await office.pass(13 * MINUTE_MS)
    expect(lettersTo(ben.id)).toHaveLength(1)
    await office.pass(5 * MINUTE_MS)
    expect(lettersTo(ben.id)).toHaveLength(2)
    const second = lettersTo(ben.id)[1]?.text ?? ''
    expect([second.includes('beta'), second.includes('alpha')]).toEqual([true, false])
  })

  it('is told once by two processes that look at the same moment', async () => {
    const ben = await reader()
    await ben.say('for one of you')
    const later = createManualClock(office.clock.now() + 2 * HOUR_MS)
    const process = { ...office.dependencies, clock: later }
    await Promise.all([findDue(process), findDue(process), findDue(process)])
    const { rows } = await kit.database.query<{ id: string }>(
      `select id from notifications.mail where about->>'user' = $1`,
      [ben.id],
    )
    expect(rows).toHaveLength(1)
    await office.pass(2 * HOUR_MS)
    expect(lettersTo(ben.id)).toHaveLength(1)
  })

  it('is told to verified addresses only, also what came before, if it is not older than a week', async () => {
    const [ben, eve] = [await reader(), await reader()]
    for (const one of [ben, eve]) {
      office.readers.delete(one.id)
      await one.say('unseen')
    }
    await office.pass(2 * HOUR_MS)
    expect([ben, eve].flatMap((one) => lettersTo(one.id))).toEqual([])
    office.readers.set(ben.id, 'en').set(eve.id, 'en')
    await office.mails.setDigest({ user: ben.id, digest: '1h' })
    await office.pass(2 * HOUR_MS)
    expect(lettersTo(ben.id)[0]?.text).toContain('unseen')
    await office.pass(7 * 24 * HOUR_MS)
    await office.mails.setDigest({ user: eve.id, digest: '1h' })
    await office.pass(2 * HOUR_MS)
    expect(lettersTo(eve.id)).toEqual([])
  })
})

describe('the choice', () => {
  it('is an hour at first, and off means off until it is turned on again', async () => {
    const ben = await reader()
    expect(await office.mails.getDigest({ user: ben.id })).toEqual({ digest: '1h' })
    await office.mails.setDigest({ user: ben.id, digest: 'off' })
    await ben.say('quiet')
    await office.pass(3 * HOUR_MS)
    expect(lettersTo(ben.id)).toEqual([])
    await office.mails.setDigest({ user: ben.id, digest: '1h' })
    expect(await office.mails.getDigest({ user: ben.id })).toEqual({ digest: '1h' })
    await office.pass(MINUTE_MS)
    expect(lettersTo(ben.id)[0]?.text).toContain('quiet')
  })

  it('is withdrawn by the link of a letter, for good, and by no other token', async () => {
    const ben = await reader()
    await ben.say('one')
    await office.pass(2 * HOUR_MS)
    const [mail] = lettersTo(ben.id)
    const url = /^<(.*)>$/.exec(mail?.header('List-Unsubscribe') ?? '')?.[1] ?? ''
    expect(mail?.header('List-Unsubscribe-Post')).toBe('List-Unsubscribe=One-Click')
    expect(url.startsWith(`${PUBLIC_URL}/api/v1/mail/unsubscribe?token=`)).toBe(true)
    const token = new URL(url).searchParams.get('token') ?? ''
    const stranger = Buffer.from((await reader()).id).toString('base64url')
    for (const wrong of ['', '.', 'x', `${token}x`, `${stranger}.${token.split('.')[1]}`])
      expect(await codeOf(office.mails.unsubscribe({ token: wrong })), wrong).toBe('link_expired')
    await office.mails.unsubscribe({ token })
    await office.mails.unsubscribe({ token })
    expect(await office.mails.getDigest({ user: ben.id })).toEqual({ digest: 'off' })
    await ben.say('two')
    await office.pass(3 * HOUR_MS)
    expect(lettersTo(ben.id)).toHaveLength(1)
  })
})
