import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  chatRow,
  chats,
  choose,
  composer,
  direct,
  distanceToEnd,
  eventually,
  expectMessages,
  message,
  messageLog,
  write,
} from './screen.ts'
import { openStage, type Stage, say, type Visitor } from './support.ts'

let stage: Stage
let ann: Visitor
let ben: Visitor
beforeAll(async () => {
  stage = await openStage()
  ;[ann, ben] = await Promise.all([stage.person('ann'), stage.person('ben')])
})
afterAll(() => stage.close())

async function startWith(page: Visitor['page'], kind: 'Person' | 'Group' | 'Public room') {
  await page.goto('/')
  await chats(page).getByRole('button', { name: 'New conversation' }).first().click()
  const dialog = page.getByRole('dialog', { name: 'New conversation' })
  await dialog.getByRole('tab', { name: kind, exact: true }).click()
  return dialog
}

describe('two people', () => {
  it('find each other by user name, talk, and see the same in the same order', async () => {
    const dialog = await startWith(ann.page, 'Person')
    await dialog.getByLabel('With whom?').fill(ben.username)
    await dialog.getByRole('button', { name: 'Start' }).click()
    await ann.page.getByRole('heading', { name: 'ben', exact: true }).waitFor()
    await write(ann.page, 'Xin chào, Ben')

    await chatRow(ben.page, 'ann').getByText('Xin chào, Ben').waitFor()
    await chatRow(ben.page, 'ann').click()
    await message(ben.page, 'Xin chào, Ben').waitFor()
    await composer(ben.page).pressSequentially('Hello A')
    await ann.page.getByText('ben is typing…').waitFor()
    await composer(ben.page).pressSequentially('nn')
    await composer(ben.page).press('Enter')
    await message(ann.page, 'Hello Ann').waitFor()
    await ann.page.getByText('ben is typing…').waitFor({ state: 'detached' })
    for (const { page } of [ann, ben]) await expectMessages(page, ['Xin chào, Ben', 'Hello Ann'])
  })

  it('the author sees how far a message came: sent, delivered, read', async () => {
    const room = await direct(ann, ben)
    await ann.page.goto(`/r/${room}`)
    await ben.page.goto('about:blank')
    await write(ann.page, 'Are you there?')
    await message(ann.page, 'Are you there?').getByTitle('Sent').waitFor()
    await ben.page.goto('/people')
    await message(ann.page, 'Are you there?').getByTitle('Delivered').waitFor()
    await chatRow(ben.page, 'ann').click()
    await message(ann.page, 'Are you there?').getByTitle('Read').waitFor()
  })

  it('what waits has a badge and a line above it; what comes while one reads further up has a button', async () => {
    const room = await direct(ann, ben)
    // Nothing of it is read while it is said, however long that takes.
    await ben.page.goto('about:blank')
    for (let count = 0; count < 30; count++) await say(ann, room, `something ${count}`)
    await ben.page.goto(`/r/${room}`)
    // It opens where ben stopped reading; the button leads to the end, and then all is read.
    await messageLog(ben.page).getByText('New messages').waitFor()
    await ben.page.getByRole('button', { name: /new message/ }).click()
    await message(ben.page, 'something 29').waitFor()
    await chatRow(ben.page, 'ann').getByText('unread message').waitFor({ state: 'detached' })
    await ben.page.getByRole('link', { name: 'People' }).click()
    await say(ann, room, 'one while you were away')
    await say(ann, room, 'two while you were away')
    await chatRow(ben.page, 'ann').getByText('2 unread messages').waitFor()
    await eventually(() => ben.page.title()).toMatch(/^\(1\) /)
    await chatRow(ben.page, 'ann').click()
    await messageLog(ben.page).getByText('New messages').waitFor()
    await expectMessages(ben.page, ['something 29', 'one while', 'two while'])
    await chatRow(ben.page, 'ann').getByText('unread message').waitFor({ state: 'detached' })

    await messageLog(ben.page).hover()
    await eventually(async () => {
      await ben.page.mouse.wheel(0, -100)
      return distanceToEnd(ben.page)
    }).toBeGreaterThan(400)
    await ben.page.getByRole('button', { name: 'Go to the newest message' }).waitFor()
    await say(ann, room, 'three while you read')
    await ben.page.getByRole('button', { name: '1 new message', exact: true }).click()
    await message(ben.page, 'three while you read').waitFor()
    await ben.page.getByRole('button', { name: /newest|new message/ }).waitFor({ state: 'detached' })
    await chatRow(ben.page, 'ann').getByText('unread message').waitFor({ state: 'detached' })
  })
})

describe('more people', () => {
  it('a group begins with names; one added later is told', async () => {
    const cat = await stage.person('cat')
    const dialog = await startWith(ann.page, 'Group')
    await dialog.getByLabel('Name of the group').fill('Nhóm thiết kế')
    await dialog.getByLabel('Who takes part?').fill(ben.username)
    await dialog.getByLabel('Who takes part?').press('Enter')
    await dialog.getByText(`@${ben.username}`).first().waitFor()
    await dialog.getByRole('button', { name: 'Create' }).click()
    await ann.page.getByRole('heading', { name: 'Nhóm thiết kế' }).waitFor()
    await ann.page.getByText('2 members').waitFor()
    await write(ann.page, 'Welcome, both of us')
    await chatRow(ben.page, 'Nhóm thiết kế').click()
    await message(ben.page, 'Welcome, both of us').waitFor()

    await ann.page.getByRole('button', { name: 'Details' }).click()
    const details = ann.page.getByRole('complementary', { name: 'Details' })
    await details.getByPlaceholder('User name').fill(cat.username)
    await details.getByPlaceholder('User name').press('Enter')
    await details.getByText(`@${cat.username}`).waitFor()
    await messageLog(ben.page).getByText('ann added cat').waitFor()
    await chatRow(cat.page, 'Nhóm thiết kế').waitFor()
    await details.getByRole('button', { name: 'Close' }).click()
  })

  it('a public room is found without its accents, joined, and both talk', async () => {
    const dialog = await startWith(ann.page, 'Public room')
    await dialog.getByLabel('Name of the room').fill('Đà Nẵng cuối tuần')
    await dialog.getByRole('button', { name: 'Create' }).click()
    await ann.page.getByRole('heading', { name: 'Đà Nẵng cuối tuần' }).waitFor()
    await write(ann.page, 'Who comes to the sea?')

    await ben.page.getByRole('link', { name: 'Rooms', exact: true }).click()
    await ben.page.getByRole('searchbox', { name: 'Search by name' }).fill('da nang cuoi')
    await ben.page.getByRole('button', { name: 'Join Đà Nẵng cuối tuần' }).click()
    await message(ben.page, 'Who comes to the sea?').waitFor()
    await write(ben.page, 'Me!')
    await message(ann.page, 'Me!').waitFor()
    await messageLog(ann.page).getByText('ben joined').waitFor()
  })

  it('who is online appears and goes', async () => {
    const dan = await stage.person('dan')
    await direct(ann, dan)
    await ann.page.goto('/people')
    const online = ann.page
      .getByRole('region', { name: 'People online' })
      .getByRole('listitem')
      .filter({ hasText: dan.username })
    await online.getByText('Online').waitFor()
    await chatRow(ann.page, 'dan').getByText('Online').waitFor()
    await dan.context.close()
    await chatRow(ann.page, 'dan').getByText('Offline').waitFor({ timeout: 20_000 })
    await online.getByText('Online').waitFor({ state: 'detached' })
  })
})

describe('what one does with a message', () => {
  let room: string
  beforeAll(async () => {
    room = await direct(ann, ben)
    await Promise.all([ann, ben].map(({ page }) => page.goto(`/r/${room}`)))
  })

  it('the arrow up changes the last own message, for both', async () => {
    await write(ann.page, 'Meet at tne')
    await message(ben.page, 'Meet at tne').waitFor()
    await composer(ann.page).press('ArrowUp')
    await ann.page.getByText('Editing your message').waitFor()
    await composer(ann.page).fill('Meet at ten')
    await composer(ann.page).press('Enter')
    for (const { page } of [ann, ben]) await message(page, 'Meet at ten').getByText('edited').waitFor()
    expect(await message(ben.page, 'Meet at tne').count()).toBe(0)
  })

  it('an answer quotes, and the quote leads to what was said', async () => {
    await choose(ben.page, 'Meet at ten', 'Reply')
    await ben.page.getByText('Replying to ann').waitFor()
    await write(ben.page, 'Fine for me')
    const quote = message(ann.page, 'Fine for me').getByRole('button', { name: /In reply to ann/ })
    await quote.getByText('Meet at ten').waitFor()
    await quote.click()
    await eventually(() => messageLog(ann.page).locator('article:focus').textContent()).toContain(
      'Meet at ten',
    )
  })

  it('a reaction is seen, counted, and taken back', async () => {
    await message(ben.page, 'Meet at ten').first().hover()
    await message(ben.page, 'Meet at ten').first().getByRole('button', { name: 'React', exact: true }).click()
    await ben.page.getByRole('button', { name: '👍' }).first().click()
    const one = message(ann.page, 'Meet at ten').first().getByRole('button', { name: '👍, 1 person' })
    await one.click()
    const two = message(ben.page, 'Meet at ten').first().getByRole('button', { name: '👍, 2 people' })
    await two.click()
    await one.waitFor()
  })

  it('a pin is told, kept in the details, and leads back', async () => {
    await choose(ann.page, 'Fine for me', 'Pin')
    await messageLog(ben.page).getByText('ann pinned a message').waitFor()
    await ben.page.getByRole('button', { name: 'Details' }).click()
    const details = ben.page.getByRole('complementary', { name: 'Details' })
    await details.getByText('Fine for me').click()
    await eventually(() => messageLog(ben.page).locator('article:focus').textContent()).toContain(
      'Fine for me',
    )
    await details.getByRole('button', { name: 'Unpin' }).click()
    await messageLog(ann.page).getByText('ben unpinned a message').waitFor()
    await details.getByRole('button', { name: 'Close' }).click()
  })

  it('a deleted message leaves its place and nothing of its text', async () => {
    await write(ann.page, 'a slip of the tongue')
    await message(ben.page, 'a slip of the tongue').waitFor()
    await choose(ann.page, 'a slip of the tongue', 'Delete')
    await ann.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
    for (const { page } of [ann, ben]) {
      await messageLog(page).getByText('Message deleted').waitFor()
      await eventually(() => page.getByText('a slip of the tongue').count()).toBe(0)
    }
  })

  it('everything goes without the mouse: to a chat, writing, details, and back', async () => {
    const { page } = ann
    await page.goto('/people')
    await page.getByRole('heading', { name: 'People online' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Go to…' }).waitFor()
    await page.keyboard.type('nhom thiet')
    await page.getByRole('option', { name: /Nhóm thiết kế/ }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Nhóm thiết kế' }).waitFor()
    await page.keyboard.type('by keyboard')
    await page.keyboard.press('Enter')
    await message(page, 'by keyboard')
      .getByTitle(/^(Sent|Delivered|Read)$/)
      .waitFor()
    // Upwards with Shift and Tab: the emoji, the files, the history; the arrows walk through its messages.
    for (let step = 0; step < 3; step++) await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('ArrowUp')
    await eventually(() => messageLog(page).locator('article:focus').count()).toBe(1)
    await page.keyboard.press('Enter')
    await page.getByRole('menu').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('menu').waitFor({ state: 'detached' })
    // The message has the focus again.
    await eventually(() => messageLog(page).locator('article button:focus').count()).toBe(1)
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Go to…' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('combobox', { name: 'Go to…' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Details' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('complementary', { name: 'Details' }).waitFor()
  })
})
