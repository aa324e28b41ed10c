import type { WebSocketRoute } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chatRow, composer, direct, expectMessages, message, write } from './screen.ts'
import { openStage, type Stage, type Visitor } from './support.ts'

/** Pauses between attempts grow to some seconds while a server is away. */
const BACK_MS = 30_000

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

async function pair(one: string, other: string): Promise<[Visitor, Visitor, string]> {
  const [first, second] = await Promise.all([stage.person(one), stage.person(other)])
  const room = await direct(first, second)
  await Promise.all([first, second].map(({ page }) => page.goto(`/r/${room}`)))
  await Promise.all([first, second].map(({ page }) => composer(page).waitFor()))
  return [first, second, room]
}

/** Playwright's offline leaves sockets that are open as they are; a real loss does not. */
async function lineOf({ context, page }: Visitor): Promise<{ cut(): Promise<void>; mend(): Promise<void> }> {
  const sockets = new Set<WebSocketRoute>()
  await context.routeWebSocket(/\/ws(\?|$)/, (socket) => {
    sockets.add(socket)
    socket.connectToServer()
  })
  await page.reload()
  await composer(page).waitFor()
  return {
    async cut() {
      await context.setOffline(true)
      await Promise.all([...sockets].map((socket) => socket.close({ code: 4010 })))
    },
    mend: () => context.setOffline(false),
  }
}

// Nobody of one meets anybody of the other.
describe.concurrent('a bad line', () => {
  it('what is written without one waits, outlives the page, and goes out once', async () => {
    const [ann, ben, room] = await pair('ann', 'ben')
    const line = await lineOf(ann)
    await write(ann.page, 'before the tunnel')
    await message(ben.page, 'before the tunnel').waitFor()
    await line.cut()
    await ann.page.getByRole('status').getByText('No connection').first().waitFor({ timeout: BACK_MS })
    await write(ann.page, 'from the tunnel')
    await message(ann.page, 'from the tunnel').getByTitle('Waiting to be sent').waitFor()
    // The page is gone, what was written is not.
    await ann.page.reload().catch(() => undefined)
    await line.mend()
    await ann.page.goto(`/r/${room}`)
    await message(ann.page, 'from the tunnel')
      .getByTitle(/^(Sent|Delivered|Read)$/)
      .waitFor()
    await message(ben.page, 'from the tunnel').waitFor()
    await write(ann.page, 'after the tunnel')
    await message(ben.page, 'after the tunnel').waitFor()
    for (const { page } of [ann, ben]) {
      await expectMessages(page, ['before the tunnel', 'from the tunnel', 'after the tunnel'])
      expect(await message(page, 'from the tunnel').count()).toBe(1)
    }
  })

  it('where WebSocket is blocked the stand-by link carries the talk, and says so', async () => {
    const [cat, dan, room] = await pair('cat', 'dan')
    await cat.context.routeWebSocket(/\/ws(\?|$)/, (socket) => void socket.close({ code: 1011 }))
    await cat.page.goto('/people')
    await cat.page.getByRole('status').getByText('Stand-by link').waitFor({ timeout: BACK_MS })
    await chatRow(cat.page, 'dan').click()
    await write(cat.page, 'by another way')
    await message(dan.page, 'by another way').waitFor()
    await composer(dan.page).pressSequentially('And ')
    await cat.page.getByText('dan is typing…').waitFor()
    await composer(dan.page).pressSequentially('back again')
    await composer(dan.page).press('Enter')
    await message(cat.page, 'And back again').waitFor()
    await message(dan.page, 'And back again').getByTitle('Read').waitFor()
    expect(new URL(cat.page.url()).pathname).toBe(`/r/${room}`)
  })
})

describe('a bad server', () => {
  it('a server that is killed in the middle of a talk is met again by itself', async () => {
    const [eve, fay] = await pair('eve', 'fay')
    await write(eve.page, 'first')
    await message(fay.page, 'first').waitFor()
    await stage.server.kill()
    for (const { page } of [eve, fay])
      await page.getByRole('status').getByText('No connection').first().waitFor({ timeout: BACK_MS })
    await write(eve.page, 'second, into the silence')
    await write(fay.page, 'third, into the silence')
    await message(eve.page, 'second').getByTitle('Waiting to be sent').waitFor()
    await stage.server.restart()
    await message(fay.page, 'second').waitFor({ timeout: BACK_MS })
    await message(eve.page, 'third').waitFor({ timeout: BACK_MS })
    await write(eve.page, 'fourth')
    await message(fay.page, 'fourth').waitFor()
    for (const { page } of [eve, fay]) {
      await page.getByRole('status').getByText('No connection').first().waitFor({ state: 'detached' })
      for (const text of ['second', 'third', 'fourth']) expect(await message(page, text).count()).toBe(1)
    }
    const order = await Promise.all(
      [eve, fay].map(({ page }) => page.getByRole('log').getByRole('article').locator('p').allTextContents()),
    )
    const said = order.map((texts) => texts.filter((text) => /^(first|second|third|fourth)/.test(text)))
    expect(said[0]).toEqual(said[1])
  })
})
