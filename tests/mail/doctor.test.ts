/** What `parley doctor` says of e-mail; nothing is sent for it. */
import { expect, onTestFinished, test } from 'vitest'
import { examine } from '../../apps/server/src/doctor/examine.ts'
import { readSettings } from '../../apps/server/src/settings/read-settings.ts'
import { temporaryDirectory } from '../server/run-parley.ts'
import { startMailServer } from '../support/mail-server.ts'
import { freePort } from '../support/test-server.ts'

test('doctor says whether mail is sent, and what is wrong with the server for it', async () => {
  const server = await startMailServer({ user: 'chat', password: 'right' })
  onTestFinished(() => server.stop())
  const here = { PARLEY_DATA: await temporaryDirectory(), PARLEY_PORT: String(await freePort()) }
  const mailOf = async (settings: Record<string, string>) => {
    const findings = await examine(readSettings({ ...here, ...settings }))
    const found = findings.find(({ subject }) => subject === 'e-mail')
    return `${found?.state}: ${found?.says}`
  }
  const examined = (password: string, query = '?tls=optional') =>
    mailOf({
      PARLEY_MAIL_FROM: 'chat@example.org',
      PARLEY_SMTP_URL: `smtp://chat:${password}@127.0.0.1:${server.port}${query}`,
    })
  expect(await mailOf({})).toMatch(/^good: none is sent; everything else works/)
  expect(await examined('right')).toMatch(/^poor: 127.0.0.1:\d+ takes mail .* set PARLEY_PUBLIC_URL/)
  const wrong = await examined('hush-hush')
  expect(wrong).toMatch(/^bad: 127.0.0.1:\d+ does not take mail \(.*wrong user name or password/)
  expect(wrong).not.toContain('hush-hush')
  // Without encryption the password is not even tried.
  expect(await examined('right', '')).toMatch(/^bad: .*STARTTLS/)
  expect(server.received).toEqual([])
})
