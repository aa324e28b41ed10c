/** What a person finds on the screen, by role and name. */
import type { Locator, Page } from 'playwright-core'
import { expect, vi } from 'vitest'
import type { Visitor } from './support.ts'

const PATIENCE_MS = 20_000

/** As `expect.poll`, with the patience that actions have. */
export const eventually = <Value>(look: () => Value | Promise<Value>, timeout = PATIENCE_MS) =>
  expect.poll(look, { timeout })

export const messageLog = (page: Page): Locator => page.getByRole('log')
export const composer = (page: Page): Locator => page.getByRole('textbox', { name: /^Message to / })
export const chats = (page: Page): Locator => page.getByRole('region', { name: 'Your chats' })
export const chatRow = (page: Page, title: string): Locator =>
  chats(page).getByRole('link').filter({ hasText: title })
/** Messages with this text, anywhere in what is drawn of the history. */
export const message = (page: Page, text: string): Locator =>
  messageLog(page).getByRole('article').filter({ hasText: text })

export async function write(page: Page, text: string): Promise<void> {
  await composer(page).fill(text)
  await composer(page).press('Enter')
}

/** Opens the menu of a message with the mouse and chooses from it. */
export async function choose(page: Page, text: string, action: string): Promise<void> {
  await message(page, text).hover()
  await message(page, text).getByRole('button', { name: 'Actions for this message' }).click()
  await page.getByRole('menuitem', { name: action, exact: true }).click()
}

/** A direct conversation of the two, made behind the scenes. */
export async function direct(one: Visitor, other: Visitor): Promise<string> {
  const { room } = await one.api<{ room: { id: string } }>('POST', '/rooms', {
    kind: 'direct',
    usernames: [other.username],
  })
  return room.id
}

/** The first lines of all messages as they stand, top to bottom. Also for tests that run side by side. */
export async function expectMessages(page: Page, texts: readonly (string | RegExp)[]): Promise<void> {
  const wanted = new RegExp(texts.map((text) => (typeof text === 'string' ? text : text.source)).join('[^]*'))
  const shown = async (): Promise<string> =>
    (await messageLog(page).getByRole('article').locator('p').allInnerTexts()).join('\n')
  await vi.waitFor(async () => expect(await shown()).toMatch(wanted), { timeout: PATIENCE_MS })
}

/** Pixels between what is shown and the end of the history. */
export const distanceToEnd = (page: Page): Promise<number> =>
  messageLog(page).evaluate(
    (log: { scrollHeight: number; scrollTop: number; clientHeight: number }) =>
      log.scrollHeight - log.scrollTop - log.clientHeight,
  )
