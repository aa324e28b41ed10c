import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mailSettings } from '../scenarios/topology.ts'
import { type MailServer, type ReceivedMail, startMailServer } from '../support/mail-server.ts'
import { startTestServer } from '../support/test-server.ts'
import { englishOn } from './english.ts'
import { eventually } from './screen.ts'
import { expectAccessible, expectNoSidewaysScroll, openStageOn, type Stage } from './support.ts'

let stage: Stage
let mails: MailServer
beforeAll(async () => {
  mails = await startMailServer()
  stage = await openStageOn(() => startTestServer({ env: { PARLEY_WEB: 'on', ...mailSettings(mails) } }))
})
afterAll(async () => {
  await stage.close()
  await mails.stop()
})

const PASSWORD = 'a quiet harbour'

/** Path of the first link: the test's own browser knows the server by another name. */
const linkIn = (mail: ReceivedMail): string => {
  const link = new URL(/https?:\/\/\S+/.exec(mail.text ?? '')?.[0] ?? '')
  return link.pathname + link.hash
}

describe('accounts in the browser', () => {
  it('a person registers, logs out, and logs in again, to the page they wanted', async () => {
    const page = await stage.visitor()
    await page.goto('/people')
    await page.getByRole('link', { name: 'Create account' }).click()
    await page.getByLabel('User name').fill('Minh.Anh')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Create account' }).click()
    await page.getByRole('heading', { name: 'People online' }).waitFor()
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('User name or e-mail').fill('minh.anh')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('navigation').waitFor()
    await page.reload()
    await page.getByRole('navigation').waitFor()
  })

  it('errors stand at their field, before and after the server was asked', async () => {
    const page = await stage.visitor()
    await page.goto('/register')
    await page.getByRole('button', { name: 'Create account' }).click()
    await page.getByText('Please fill this in.').first().waitFor()
    await page.getByLabel('User name').fill('x')
    await page.getByLabel('Password', { exact: true }).fill('password')
    await page.getByRole('button', { name: 'Create account' }).click()
    await page.getByText('Use 3–32 of a–z').waitFor()
    await page.getByLabel('User name').fill('common-password')
    await page.getByRole('button', { name: 'Create account' }).click()
    await page.getByText('This password is among the most common ones.').waitFor()
    await page.goto('/login')
    await page.getByLabel('User name or e-mail').fill('nobody-here')
    await page.getByLabel('Password', { exact: true }).fill('wrong password')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByText('The name or the password is wrong.').waitFor()
  })

  it('a device signed out elsewhere leaves at once', async () => {
    const first = await stage.person('two-devices')
    const page = await stage.visitor()
    await page.goto('/login')
    await page.getByLabel('User name or e-mail').fill(first.username)
    await page.getByLabel('Password', { exact: true }).fill('correct horse two-devices')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('navigation').waitFor()
    await first.page.goto('/settings')
    await first.page.getByRole('button', { name: 'Sign out' }).first().click()
    await first.page.getByRole('alertdialog').getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('This device was signed out from another device.').waitFor()
  })

  it('an address is added, confirmed by its letter, and helps when the password is forgotten', async () => {
    const { page, username, context } = await stage.person('forgetful')
    const address = `${username}@example.org`
    await page.goto('/settings')
    const email = page.getByRole('region', { name: 'E-mail' })
    await email.getByText('For this your address must be confirmed.').waitFor()
    await email.getByRole('button', { name: 'Add address' }).click()
    await email.getByLabel('E-mail', { exact: true }).fill(address)
    await email.getByLabel('Your password', { exact: true }).fill('correct horse forgetful')
    await email.getByRole('button', { name: 'Save address' }).click()
    await email.getByText(`Waiting for the confirmation of ${address}`).waitFor()
    // Where nobody is signed in: letters are read on other devices.
    const elsewhere = await stage.visitor()
    const verify = linkIn(await mails.mailTo(address))
    await elsewhere.goto(verify)
    await elsewhere.getByRole('button', { name: 'Confirm' }).click()
    await elsewhere.getByText('Thank you: your address is confirmed.').waitFor()
    expect(elsewhere.url()).not.toContain('#')
    await page.reload()
    await email.getByText(`${address}, confirmed.`).waitFor()
    const saved = page.waitForResponse((answer) => answer.url().endsWith('/notifications/email'))
    await email.getByLabel('After 15 minutes').check()
    await saved
    await page.reload()
    expect(await email.getByLabel('After 15 minutes').isChecked()).toBe(true)

    await elsewhere.goto('/login')
    await elsewhere.getByRole('link', { name: 'Forgot your password?' }).click()
    await elsewhere.getByLabel('User name or e-mail').fill(username)
    await elsewhere.getByRole('button', { name: 'Send the link' }).click()
    await elsewhere.getByText('a link is on its way').waitFor()
    await elsewhere.goto(linkIn(await mails.mailTo(address, 2)))
    await elsewhere.getByLabel('New password', { exact: true }).fill('another quiet harbour')
    await elsewhere.getByRole('button', { name: 'Set the password' }).click()
    await elsewhere.getByText('Your password is changed.').waitFor()
    await page.getByRole('heading', { name: 'Welcome back' }).waitFor()
    await elsewhere.goto(verify)
    await elsewhere.getByRole('button', { name: 'Confirm' }).click()
    await elsewhere.getByText('This link is not valid any more.').waitFor()
    await context.close()
  })

  it('signed-out pages fit a phone, are accessible in light and dark, and speak the chosen language', async () => {
    const page = await stage.visitor({ width: 360, height: 740 })
    for (const path of ['/login', '/register', '/forgot-password', '/reset-password', '/verify-email']) {
      await page.goto(path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await expectAccessible(page, path)
      await page.emulateMedia({ colorScheme: 'dark' })
      await expectAccessible(page, `${path}, dark`, 'colours')
      await page.emulateMedia({ colorScheme: 'light' })
      await page.getByRole('button', { name: 'Tiếng Việt' }).tap()
      await eventually(() => englishOn(page)).toEqual([])
      expect(await page.getAttribute('html', 'lang')).toBe('vi')
      await expectNoSidewaysScroll(page, path)
      await page.getByRole('button', { name: 'English' }).tap()
    }
  })
})
