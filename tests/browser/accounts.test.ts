import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { englishOn } from './english.ts'
import { eventually } from './screen.ts'
import { expectAccessible, expectNoSidewaysScroll, openStage, type Stage } from './support.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

const PASSWORD = 'a quiet harbour'

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

  it('signed-out pages fit a phone, are accessible in light and dark, and speak the chosen language', async () => {
    const page = await stage.visitor({ width: 360, height: 740 })
    for (const path of ['/login', '/register']) {
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
