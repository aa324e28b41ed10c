import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makePng } from '../support/pictures.ts'
import { englishOn } from './english.ts'
import { direct } from './screen.ts'
import {
  expectAccessible,
  expectNoSidewaysScroll,
  openStage,
  type PersonOptions,
  type Stage,
  say,
  type Visitor,
} from './support.ts'

const LONG = 'Donaudampfschifffahrtsgesellschaftskapitän'.repeat(4)
const BODIES = [
  'Chào cả nhà! **Important**: the ferry leaves at _nine_, see https://example.org/timetable',
  '> said before\n\n1. one\n2. two\n   - with `code`\n\n```\nconst answer = 42 // and a very long line that does not fit into any phone at all, whatever it does\n```',
  '| name | tuổi | nơi ở | công việc | sở thích |\n|---|---|---|---|---|\n| Minh | 31 | Đà Nẵng | kỹ sư | leo núi |',
  LONG,
]

let stage: Stage
let room: string
let filled: Visitor
beforeAll(async () => {
  stage = await openStage()
  filled = await stage.person('minh')
  const made = await filled.api<{ room: { id: string } }>('POST', '/rooms', {
    kind: 'public',
    name: `Phòng chung ${LONG.slice(0, 60)}`,
  })
  room = made.room.id
  for (const body of BODIES) await say(filled, room, body)
  const answered = await say(filled, room, 'a question?')
  await filled.api('POST', `/rooms/${room}/messages`, {
    client_id: 'an-answer-to-it',
    body: 'an answer',
    reply_to: answered,
  })
  await filled.api('PUT', `/rooms/${room}/messages/${answered}/reactions/${encodeURIComponent('🎉')}`)
  await sendPicture(filled, room)
  const gone = await say(filled, room, 'soon gone')
  await filled.api('DELETE', `/rooms/${room}/messages/${gone}`)
})
afterAll(() => stage.close())

async function sendPicture({ page }: Visitor, to: string): Promise<void> {
  await page.goto(`/r/${to}`)
  const file = { name: 'hồ.png', mimeType: 'image/png', buffer: makePng(320, 200) }
  await page.locator('input[data-attach]').setInputFiles([file])
  await page.getByRole('button', { name: `Do not send ${file.name}` }).waitFor()
  await page.getByRole('button', { name: 'Send message' }).click()
  await page.locator('article button img').first().waitFor()
}

/** Somebody with two chats: one they have read and one that waits. */
async function somebody(name: string, options: PersonOptions): Promise<Page> {
  const visitor = await stage.person(name, options)
  await visitor.api('POST', `/rooms/${room}/join`)
  // Something for the inbox that does not pop up above whatever is looked at.
  await visitor.api('PATCH', '/users/me/notifications', { do_not_disturb_until: Date.now() + 3_600_000 })
  await say(filled, room, `@${visitor.username}: 12 – 8`)
  await say(filled, await direct(filled, visitor), 'xin chào, have you seen it?')
  return visitor.page
}

interface Screen {
  readonly name: string
  open(page: Page): Promise<unknown>
  close?(page: Page): Promise<unknown>
}

const at = (name: string, path: string): Screen => ({
  name,
  async open(page) {
    await page.goto(path)
    // Not the hidden one of the first moment.
    await page.locator('section h1, #main h1').first().waitFor()
    await page.locator('[aria-busy="true"]').waitFor({ state: 'detached' })
  },
})
const leave = (page: Page) => page.keyboard.press('Escape')
const inDialog = (name: string, open: (page: Page) => Promise<unknown>): Screen => ({
  name,
  async open(page) {
    await open(page)
    await page.getByRole('dialog').waitFor()
  },
  close: leave,
})

/** Every screen, with what opens above it. Found by what is the same in every language. */
const screens = (): readonly Screen[] => [
  at('chats', '/'),
  inDialog('switcher', (page) => page.keyboard.press('Control+k')),
  inDialog('start, person', async (page) => {
    await page.goto('/')
    await page.locator('section header').first().getByRole('button').nth(1).click()
  }),
  { name: 'start, group', open: (page) => startTab(page, 1) },
  { name: 'start, public', open: (page) => startTab(page, 2) },
  at('people', '/people'),
  at('rooms', '/rooms'),
  at('search', '/search?q=ferry'),
  {
    name: 'inbox',
    async open(page) {
      await page.goto('/inbox')
      await page.locator('#main li').first().waitFor({ timeout: 20_000 })
    },
  },
  at('settings', '/settings'),
  at('no such page', '/nowhere'),
  at('a room that is not mine', '/r/1m7y8pmb6h6v2cjcng2w'),
  at('conversation', `/r/${room}`),
  {
    name: 'menu of a message',
    async open(page) {
      const message = page.getByRole('article').filter({ hasText: 'a question?' }).first()
      await message.hover()
      await message.locator('[data-more]').click()
      await page.getByRole('menu').waitFor()
    },
    close: leave,
  },
  {
    name: 'details',
    async open(page) {
      await page.locator('#main header').first().getByRole('button').last().click()
      await page.getByText('@minh').first().waitFor()
    },
  },
  {
    name: 'files of a room',
    async open(page) {
      await page.locator('section[aria-labelledby="details-files"] > button').click()
      await page.locator('input[name="file-kind"]').first().waitFor()
      await page.locator('li button img').first().waitFor()
    },
  },
]

async function startTab(page: Page, index: number): Promise<void> {
  await page.goto('/')
  await page.locator('section header').first().getByRole('button').nth(1).click()
  await page.getByRole('dialog').getByRole('tab').nth(index).click()
}

async function walk(page: Page, look: (name: string) => Promise<void>): Promise<void> {
  for (const screen of screens()) {
    await screen.open(page)
    await look(screen.name)
    await screen.close?.(page)
  }
}

describe('every screen', () => {
  it('is accessible in light and dark', async () => {
    const page = await somebody('lan', {})
    await walk(page, async (name) => {
      await expectAccessible(page, name)
      await page.emulateMedia({ colorScheme: 'dark' })
      await expectAccessible(page, `${name}, dark`, 'colours')
      await page.emulateMedia({ colorScheme: 'light' })
    })
  })

  it('fits a phone and speaks Vietnamese only', async () => {
    const page = await somebody('hoa', { width: 360, height: 740, language: 'vi', dark: true })
    await walk(page, async (name) => {
      await expectNoSidewaysScroll(page, name)
      expect(await englishOn(page), name).toEqual([])
      await page.setViewportSize({ width: 1280, height: 800 })
      expect(await englishOn(page), `${name}, wide`).toEqual([])
      await page.setViewportSize({ width: 360, height: 740 })
    })
    expect(await page.getAttribute('html', 'lang')).toBe('vi')
  })
})

describe('on a phone', () => {
  it('one pane is shown at a time, and the arrow leads back', async () => {
    const page = await somebody('mai', { width: 360, height: 740 })
    const list = page.getByRole('region', { name: 'Your chats' })
    await list.getByRole('link').filter({ hasText: 'xin chào' }).tap()
    await page.getByText('xin chào, have you seen it?').last().waitFor()
    await list.waitFor({ state: 'hidden' })
    await page.getByRole('textbox', { name: 'Message to minh' }).fill('I have')
    await page.getByRole('button', { name: 'Send message' }).tap()
    await page.getByRole('article').filter({ hasText: 'I have' }).waitFor()
    await page.getByRole('button', { name: 'Details' }).tap()
    await page.getByRole('dialog', { name: 'Details' }).waitFor()
    await expectAccessible(page, 'the sheet of details')
    await page.getByRole('dialog', { name: 'Details' }).getByRole('button', { name: 'Close' }).tap()
    await page.getByRole('button', { name: 'Back' }).tap()
    await list.getByText('I have').waitFor()
    await expectAccessible(page, 'the list on a phone')
  })
})

/** Of JavaScript, compressed as it travels, before anything is on the screen. */
const FIRST_LOAD_MAX_BYTES = 180_000

it('what a browser must load before it shows a chat list is small', async () => {
  const read = async (path: string) => (await fetch(new URL(path, stage.url))).text()
  const loaded = new Map<string, number>()
  const wanted = [...(await read('/')).matchAll(/\/assets\/[\w-]+\.js/g)].map(([path]) => path)
  for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) {
    if (loaded.has(path)) continue
    const text = await read(path)
    loaded.set(path, gzipSync(text).length)
    for (const [, name] of text.matchAll(/(?:import|from)\s*["']\.\/([\w-]+\.js)["']/g))
      wanted.push(`/assets/${name}`)
  }
  expect(loaded.size).toBeGreaterThan(2)
  expect([...loaded.values()].reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(FIRST_LOAD_MAX_BYTES)
})
