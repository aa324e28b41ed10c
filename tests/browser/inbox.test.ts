import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { message, messageLog } from './screen.ts'
import { openStage, type Stage, say, type Visitor } from './support.ts'

let stage: Stage
let ann: Visitor
beforeAll(async () => {
  stage = await openStage()
  ann = await stage.person('ann')
})
afterAll(() => stage.close())

/** Work may lie a moment with the relay, and who is connected is waited for. */
const TOLD = { timeout: 20_000 }

async function groupWith(other: Visitor, name: string): Promise<string> {
  const { room } = await ann.api<{ room: { id: string } }>('POST', '/rooms', {
    kind: 'group',
    name,
    usernames: [other.username],
  })
  return room.id
}

const bell = ({ page }: Visitor) => page.getByRole('navigation').getByRole('link', { name: /^Inbox/ })
const items = ({ page }: Visitor) => page.getByRole('region', { name: 'Inbox' }).last().getByRole('listitem')

describe('the inbox', () => {
  it('says on every screen how much waits, opens what an item is about, and is read with that', async () => {
    const ben = await stage.person('ben')
    await ben.page.goto('/inbox')
    await ben.page.getByText('Nothing waits for you').waitFor()
    await ben.page.goto('/people')
    const room = await groupWith(ben, 'Ferry')
    await say(ann, room, 'first words')
    await say(ann, room, `the boat leaves at nine, @${ben.username}`)
    await ben.page.getByText('ann mentioned you in Ferry: the boat leaves').waitFor(TOLD)
    await bell(ben).getByText('2 unread notifications').waitFor(TOLD)
    await bell(ben).click()
    await items(ben).filter({ hasText: 'ann added you to Ferry' }).waitFor()
    await items(ben).getByRole('link').filter({ hasText: 'the boat leaves at nine' }).press('Enter')
    await message(ben.page, 'the boat leaves at nine').waitFor()
    expect(new URL(ben.page.url()).pathname).toMatch(new RegExp(`^/r/${room}`))
    // Looking at the room is looking at the addition, too.
    await bell(ben).getByText('unread').waitFor({ state: 'detached' })
  })

  it('marks one or all as read, on every device', async () => {
    const ben = await stage.person('ben')
    await ben.page.goto('/inbox')
    const other = await ben.context.newPage()
    await other.goto('/people')
    const room = await groupWith(ben, 'Tea')
    for (const text of ['one', 'two']) await say(ann, room, `${text} @${ben.username}`)
    await items(ben).filter({ hasText: 'two' }).waitFor(TOLD)
    await items(ben).filter({ hasText: 'two' }).getByRole('button', { name: 'Mark as read' }).click()
    const theirs = other.getByRole('navigation').getByRole('link', { name: /^Inbox/ })
    await theirs.getByText('2 unread notifications').waitFor()
    await ben.page.getByRole('button', { name: 'Mark all as read' }).click()
    await theirs.getByText('unread').waitFor({ state: 'detached' })
    await bell(ben).getByText('unread').waitFor({ state: 'detached' })
    expect(await items(ben).count()).toBe(3)
  })

  it('shows no text of a deleted message, nor of a chat one was removed from', async () => {
    const ben = await stage.person('ben')
    const [kept, lost] = [await groupWith(ben, 'Kept'), await groupWith(ben, 'Lost')]
    const seq = await say(ann, kept, `to be deleted @${ben.username}`)
    await say(ann, lost, `to be hidden @${ben.username}`)
    await bell(ben).getByText('4 unread notifications').waitFor(TOLD)
    await ann.api('DELETE', `/rooms/${kept}/messages/${seq}`)
    await ann.api('DELETE', `/rooms/${lost}/members/${ben.id}`)
    await bell(ben).click()
    await items(ben).filter({ hasText: 'Message deleted' }).waitFor()
    await items(ben).filter({ hasText: 'not open to you' }).first().waitFor()
    expect(await items(ben).getByText('to be').count()).toBe(0)
  })
})

describe('settings', () => {
  it('a muted chat stays muted, and its mentions are not told', async () => {
    const ben = await stage.person('ben')
    const [muted, heard] = [await groupWith(ben, 'Muted'), await groupWith(ben, 'Heard')]
    await ben.page.goto(`/r/${muted}`)
    await messageLog(ben.page).waitFor()
    await ben.page.getByRole('button', { name: 'Details' }).click()
    await ben.page
      .getByRole('radio', { name: 'What concerns me' })
      .and(ben.page.locator(':checked'))
      .waitFor()
    const saved = ben.page.waitForResponse((answer) => answer.request().method() === 'PATCH')
    await ben.page.getByRole('radio', { name: 'Nothing' }).check()
    expect((await saved).status()).toBe(200)
    await ben.page.reload()
    await ben.page.getByRole('radio', { name: 'Nothing' }).and(ben.page.locator(':checked')).waitFor()
    await ben.page.goto('/inbox')
    await say(ann, muted, `not heard @${ben.username}`)
    await say(ann, heard, `heard @${ben.username}`)
    await items(ben).filter({ hasText: 'Heard' }).filter({ hasText: 'heard @' }).waitFor(TOLD)
    expect(await items(ben).filter({ hasText: 'not heard' }).count()).toBe(0)
  })

  it('do not disturb and quiet hours are kept, and end', async () => {
    const { page } = await stage.person('ben')
    await page.goto('/settings')
    await page.getByRole('button', { name: 'For 8 hours' }).click()
    await page.getByText('You are left in peace until').waitFor()
    await page.getByLabel('From', { exact: true }).fill('21:30')
    await page.getByRole('button', { name: 'Set quiet hours' }).click()
    await page.getByText('Every day from 21:30 to 07:00').waitFor()
    await page.reload()
    await page.getByText('Every day from 21:30 to 07:00').waitFor()
    await page.getByRole('button', { name: 'No quiet hours' }).click()
    await page.getByRole('button', { name: 'No quiet hours' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Notify me again' }).click()
    await page.getByRole('button', { name: 'For 8 hours' }).waitFor()
  })
})
