import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
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

const LENGTH = 300
/** One letter of difference: `message(…)` looks for parts of texts. */
const text = (count: number) => `No. ${String(count).padStart(3, '0')}`

let stage: Stage
let ann: Visitor
let ben: Visitor
let room: string
beforeAll(async () => {
  stage = await openStage()
  ;[ann, ben] = await Promise.all([stage.person('ann'), stage.person('ben')])
  room = await direct(ann, ben)
  await fill()
})
afterAll(() => stage.close())

/** Lines of very different heights, so that guessed heights are wrong. */
async function fill(): Promise<void> {
  for (let count = 0; count < LENGTH; count++) {
    const more = count % 7 === 0 ? ` ${'nhiều chữ hơn '.repeat(count % 60)}` : ''
    await say(count % 5 === 0 ? ann : ben, room, text(count) + more)
  }
}

/** Where it stands once two looks in a row agree. */
async function restingTop(locator: Locator): Promise<number> {
  let before = Number.NaN
  await eventually(async () => {
    const now = (await locator.boundingBox())?.y ?? Number.NaN
    const rests = now === before
    before = now
    return rests
  }).toBe(true)
  return before
}

/** The number of a message in the middle of the screen. */
async function middleMessage(visitor: Visitor): Promise<string> {
  const box = await messageLog(visitor.page).boundingBox()
  if (box === null) throw new Error('the messages are not on the screen')
  for (const article of await messageLog(visitor.page).getByRole('article').all()) {
    const place = await article.boundingBox()
    if (place !== null && place.y > box.y + box.height / 3)
      return /No\. \d+/.exec((await article.textContent()) ?? '')?.[0] ?? ''
  }
  throw new Error('no message in the middle')
}

describe('a long history', () => {
  it('opens at the end, and stays there when something new arrives', async () => {
    const { page } = ann
    await page.goto(`/r/${room}`)
    await message(page, text(LENGTH - 1)).waitFor()
    await eventually(() => distanceToEnd(page)).toBeLessThanOrEqual(1)
    for (let count = 0; count < 3; count++) {
      await say(ben, room, `fresh ${count}\n\nwith a second line`)
      await message(page, `fresh ${count}`).waitFor()
      await eventually(() => distanceToEnd(page)).toBeLessThanOrEqual(1)
    }
  })

  it('what moves because something new arrives can be clicked all the same', async () => {
    const { page } = ann
    const deaf = await page.evaluateHandle<{ frames: number }>(`(() => {
      const log = document.querySelector('[role="log"]')
      const { left, top, width, height } = log.getBoundingClientRect()
      const deaf = { frames: 0 }
      const look = () => {
        // The middle is full of messages: a pointer that meets none of them passes through.
        if (document.elementFromPoint(left + width / 2, top + height / 2) === log) deaf.frames++
        requestAnimationFrame(look)
      }
      look()
      return deaf
    })()`)
    for (let count = 0; count < 3; count++) {
      await say(ben, room, `moved by ${count}`)
      await message(page, `moved by ${count}`).waitFor()
    }
    await eventually(() => distanceToEnd(page)).toBeLessThanOrEqual(1)
    expect(await deaf.jsonValue()).toEqual({ frames: 0 })
  })

  it('older messages come above without moving the one under the eye', async () => {
    const { page } = ann
    let release: () => void = () => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    let held = false
    await page.route(/\/messages\?.*before=/, async (route) => {
      held = true
      await released
      await route.continue()
    })
    await messageLog(page).hover()
    await eventually(async () => {
      await page.mouse.wheel(0, -700)
      return held
    }).toBe(true)
    const eye = message(page, await middleMessage(ann))
    const before = await restingTop(eye)
    const height = await scrollHeight()
    release()
    await eventually(scrollHeight).toBeGreaterThan(height + 500)
    expect(Math.abs((await restingTop(eye)) - before)).toBeLessThanOrEqual(2)
    await page.unroute(/\/messages\?.*before=/)

    function scrollHeight(): Promise<number> {
      return messageLog(page).evaluate((log: { scrollHeight: number }) => log.scrollHeight)
    }
  })

  it('what arrives below does not move it either, and nothing is missing on the way to the beginning', async () => {
    const { page } = ann
    const eye = message(page, await middleMessage(ann))
    const before = await restingTop(eye)
    await say(ben, room, 'below all')
    await page.getByRole('button', { name: '1 new message', exact: true }).waitFor()
    expect(Math.abs((await restingTop(eye)) - before)).toBeLessThanOrEqual(2)

    const seen = new Set<string>()
    await messageLog(page).hover()
    const look = async () => {
      const texts = await messageLog(page).getByRole('article').allTextContents()
      for (const one of texts) for (const [number] of one.matchAll(/No\. \d+/g)) seen.add(number)
    }
    await eventually(async () => {
      await look()
      await page.mouse.wheel(0, -450)
      return page.getByText('This is the beginning').isVisible()
    }, 30_000).toBe(true)
    await look()
    await page.getByRole('button', { name: '1 new message', exact: true }).click()
    await message(page, 'below all').waitFor()
    await eventually(() => distanceToEnd(page)).toBeLessThanOrEqual(1)
    // From the first to where the way up began.
    const numbers = [...seen].map((one) => Number(one.slice(4))).sort((a, b) => a - b)
    expect(numbers).toEqual(numbers.map((_, index) => index))
    expect(numbers.length).toBeGreaterThan(200)
  })
})

describe('leading to one message', () => {
  it('what was never read begins at its line, however far up that is', async () => {
    const { page } = ben
    await page.goto(`/r/${room}`)
    await page.getByRole('button', { name: 'Go to the first unread message' }).click()
    await messageLog(page).getByText('New messages').waitFor()
    await message(page, text(0)).waitFor()
    await expectMessages(page, ['No. 000', 'No. 001', 'No. 002'])
  })

  it('a link opens far up, marks the message, and loading the page again shows the same', async () => {
    const { page } = ben
    const { messages } = await ben.api<{ messages: { seq: number; body: string }[] }>(
      'GET',
      `/rooms/${room}/messages?around=60&limit=20`,
    )
    const wanted = messages.find(({ body }) => body.startsWith('No.'))
    if (wanted === undefined) throw new Error('no message to link to')
    const target = page.locator('article:focus').filter({ hasText: wanted.body.slice(0, 7) })
    await page.goto(`/r/${room}/${wanted.seq}`)
    await target.waitFor()
    await page.reload()
    await target.waitFor()
    await page.getByRole('button', { name: /newest message|new message/ }).click()
    await eventually(() => distanceToEnd(page)).toBeLessThanOrEqual(1)
    await message(page, 'below all').waitFor()
  })

  it('search finds without accents and opens at the message', async () => {
    await say(ann, room, 'Chúng ta gặp nhau ở Hồ Hoàn Kiếm lúc chín giờ')
    for (let count = 0; count < 60; count++) await say(ann, room, `afterwards ${count}`)
    const { page } = ben
    await page.goto('/')
    await page.getByRole('link', { name: 'Search' }).click()
    await page.getByRole('searchbox', { name: 'Search messages' }).fill('hoan kiem')
    const results = page.getByRole('region', { name: 'Results' })
    await results.getByText('Hoàn Kiếm').waitFor()
    await results.getByRole('link').first().click()
    await page.locator('article:focus').filter({ hasText: 'Hồ Hoàn Kiếm' }).waitFor()
    await page.goBack()
    await results.getByText('Hoàn Kiếm').waitFor()
    await page.getByRole('searchbox', { name: 'Search messages' }).fill('not anywhere at all')
    await page.getByText('No message matches “not anywhere at all”').waitFor()
  })

  it('one can search one chat only, and write on while looking at what was', async () => {
    const { page } = ben
    await page.goto(`/r/${room}`)
    await page.getByRole('button', { name: 'Search in this chat' }).click()
    await page.getByRole('searchbox', { name: 'Search messages' }).fill('ho hoan')
    await page.getByRole('region', { name: 'Results' }).getByRole('link').click()
    await page.locator('article:focus').filter({ hasText: 'Hồ Hoàn Kiếm' }).waitFor()
    await write(page, 'I shall be there')
    await message(page, 'I shall be there').waitFor()
    await eventually(() => distanceToEnd(page)).toBeLessThanOrEqual(1)
    expect(await composer(page).inputValue()).toBe('')
  })
})
