/** Files in the web client: chosen, dropped, pasted, sent, looked at, saved, cancelled. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makePng } from '../support/pictures.ts'
import { expectAccessible, expectNoSidewaysScroll, openStage, type Stage, type Visitor } from './support.ts'

const picture = (name: string, width = 320, height = 200) => ({
  name,
  mimeType: 'image/png',
  buffer: makePng(width, height),
})

describe('files', () => {
  let stage: Stage
  let ann: Visitor
  let bob: Visitor
  let room: string
  beforeAll(async () => {
    stage = await openStage()
    ann = await stage.person('Ann')
    bob = await stage.person('Bob', { width: 360, height: 740, dark: true })
    room = (
      await ann.api<{ room: { id: string } }>('POST', '/rooms', {
        kind: 'group',
        name: 'Pictures',
        usernames: [bob.username],
      })
    ).room.id
    for (const { page } of [ann, bob]) await page.goto(`/r/${room}`)
  })
  afterAll(() => stage.close())

  const choose = (page: Page, ...files: ReturnType<typeof picture>[]) =>
    page.locator('input[data-attach]').setInputFiles(files)
  /** At least so many pictures there have arrived. */
  const drawn = (page: Page, selector: string, count: number) =>
    vi.waitUntil(
      () =>
        page.evaluate<boolean>(
          `[...document.querySelectorAll('${selector}')].filter((one) => one.naturalWidth > 0).length >= ${count}`,
        ),
      { timeout: 10_000 },
    )
  /** Right edge of the furthest picture, in pixels. */
  const widest = (page: Page) =>
    page.evaluate<number>(
      `Math.max(...[...document.querySelectorAll('article img')].map((one) => one.getBoundingClientRect().right))`,
    )
  const send = (page: Page) => page.getByRole('button', { name: 'Send message' }).click()

  it('pictures are sent without a word, seen as pictures, and walked through with the keyboard', async () => {
    await choose(ann.page, picture('lake.png'), picture('hill.png', 200, 320))
    await ann.page.getByRole('button', { name: 'Do not send hill.png' }).waitFor()
    await ann.page.getByRole('button', { name: 'Do not send lake.png' }).waitFor()
    await expectAccessible(ann.page, 'attached files')
    await send(ann.page)
    const thumbnail = bob.page.getByRole('button', { name: 'Look at lake.png' })
    await thumbnail.waitFor()
    await drawn(bob.page, 'article img', 2)
    await expectNoSidewaysScroll(bob.page, 'pictures on a phone')
    expect(await widest(bob.page)).toBeLessThanOrEqual(360)
    await expectAccessible(bob.page, 'a message with pictures')
    await thumbnail.focus()
    await bob.page.keyboard.press('Enter')
    const box = bob.page.getByRole('dialog', { name: 'lake.png' })
    await box.waitFor()
    await expectAccessible(bob.page, 'the lightbox')
    await bob.page.keyboard.press('ArrowRight')
    await bob.page.getByRole('dialog', { name: 'hill.png' }).waitFor()
    await bob.page.keyboard.press('Escape')
    await bob.page.getByRole('dialog').waitFor({ state: 'detached' })
    // The focus is back where it came from.
    await vi.waitUntil(() =>
      bob.page.evaluate<boolean>(
        `document.activeElement?.getAttribute('aria-label')?.startsWith('Look at') === true`,
      ),
    )
  })

  it('a file that is no picture is offered for saving under its name', async () => {
    await choose(ann.page, picture('wide.png', 1600, 400))
    await ann.page.getByRole('button', { name: 'Do not send wide.png' }).waitFor()
    await send(ann.page)
    await bob.page.getByRole('button', { name: 'Look at wide.png' }).waitFor()
    expect(await widest(bob.page)).toBeLessThanOrEqual(360)
    await choose(ann.page, {
      name: 'notes <b>.html',
      mimeType: 'text/html',
      buffer: Buffer.from('<script>document.title="run"</script>'),
    })
    await ann.page.getByRole('textbox').fill('my notes')
    await ann.page.getByRole('button', { name: /^Do not send notes/ }).waitFor()
    await send(ann.page)
    const link = bob.page.getByRole('link', { name: 'Save notes _b_.html' })
    await link.waitFor()
    const [download] = await Promise.all([bob.page.waitForEvent('download'), link.click()])
    expect(download.suggestedFilename()).toBe('notes _b_.html')
  })

  it('files are dropped on the conversation and pasted into the text', async () => {
    for (const kind of ['drop', 'paste'] as const) {
      // As text: this file is checked without the types of a browser.
      await ann.page.evaluate(`(() => {
        const bytes = Uint8Array.from([${[...makePng(20, 20)].join()}])
        const data = new DataTransfer()
        data.items.add(new File([bytes], '${kind}.png', { type: 'image/png' }))
        const init = { bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data }
        const event = '${kind}' === 'drop' ? new DragEvent('drop', init) : new ClipboardEvent('paste', init)
        document.querySelector('textarea').dispatchEvent(event)
      })()`)
      await ann.page.getByRole('button', { name: `Do not send ${kind}.png` }).waitFor()
      await send(ann.page)
      await bob.page.getByRole('button', { name: `Look at ${kind}.png` }).waitFor()
    }
  })

  it('what is refused says why, and a refused file does not keep the words from being sent', async () => {
    await choose(ann.page, { ...picture('broken.png'), buffer: makePng(20, 20).subarray(0, 60) })
    await ann.page.getByRole('alert').filter({ hasText: 'not accepted' }).waitFor()
    await ann.page.getByRole('textbox').fill('only words')
    expect(await ann.page.getByRole('button', { name: 'Send message' }).isDisabled()).toBe(true)
    await ann.page.getByRole('button', { name: 'Do not send broken.png' }).click()
    await send(ann.page)
    await bob.page.locator('article').getByText('only words').waitFor()
  })

  it('a picture chosen and sent while offline outlives the page, and is there once for everyone', async () => {
    await ann.context.setOffline(true)
    await choose(ann.page, picture('boat.png'), { ...picture('log.txt'), mimeType: 'text/plain' })
    await ann.page.getByRole('textbox').fill('from the lake')
    await send(ann.page)
    const mine = ann.page.locator('article').filter({ hasText: 'from the lake' })
    await mine.getByRole('progressbar', { name: 'Upload of boat.png' }).waitFor()
    await mine.getByRole('button', { name: 'Cancel the upload of log.txt' }).click()
    await mine.getByRole('progressbar', { name: 'Upload of log.txt' }).waitFor({ state: 'detached' })
    await expectAccessible(ann.page, 'a message that waits for its upload')
    // The page comes from the network again, but nothing of it can be uploaded yet.
    await ann.page.route('**/api/v1/files', (route) => route.abort())
    await ann.context.setOffline(false)
    await ann.page.reload()
    await mine.getByRole('progressbar', { name: 'Upload of boat.png' }).waitFor()
    await drawn(ann.page, 'article img[src^=blob]', 1)
    await ann.page.unroute('**/api/v1/files')
    for (const { page } of [bob, ann]) {
      await page.getByRole('button', { name: 'Look at boat.png' }).waitFor()
      expect(await page.locator('article').filter({ hasText: 'from the lake' }).count()).toBe(1)
    }
    expect(await mine.getByText('log.txt').count()).toBe(0)
  })

  it('a file that is refused on the way keeps its message, which can go without it', async () => {
    await ann.page.route('**/api/v1/files', (route) => route.abort())
    await choose(ann.page, { ...picture('torn.png'), buffer: makePng(20, 20).subarray(0, 60) })
    await ann.page.getByText('Is uploaded once you are online').waitFor()
    await ann.page.getByRole('textbox').fill('without it')
    await send(ann.page)
    await ann.page.unroute('**/api/v1/files')
    const mine = ann.page.locator('article').filter({ hasText: 'without it' })
    await mine.getByText('This kind of file is not accepted.').waitFor()
    await expectAccessible(ann.page, 'a message with a refused file')
    await mine.getByRole('button', { name: 'Remove this file and send' }).click()
    await bob.page.locator('article').filter({ hasText: 'without it' }).waitFor()
    await mine.getByRole('list', { name: 'Attached files' }).waitFor({ state: 'detached' })
  })

  it('the files of a room are found by kind, looked at, and lead to their messages', async () => {
    const { page } = bob
    await page.getByRole('button', { name: 'Details' }).click()
    const sheet = page.getByRole('dialog', { name: 'Details' })
    await sheet.getByRole('button', { name: 'All files' }).click()
    // The heading has the focus, so that the keyboard goes on from here.
    await vi.waitUntil(() => page.evaluate<boolean>(`document.activeElement?.textContent === 'Files'`))
    await sheet.getByRole('button', { name: 'Look at lake.png' }).waitFor()
    await sheet.getByRole('button', { name: 'Back' }).click()
    await vi.waitUntil(() => page.evaluate<boolean>(`document.activeElement?.textContent === 'All files'`))
    await page.keyboard.press('Enter')
    await sheet.getByRole('button', { name: 'Look at lake.png' }).waitFor()
    await expectAccessible(page, 'pictures of a room')
    await expectNoSidewaysScroll(page, 'pictures of a room')
    await sheet.getByRole('radio', { name: 'Media' }).check()
    await sheet.getByText('No sound or film yet').waitFor()
    await expectAccessible(page, 'no films of a room')
    await sheet.getByRole('radio', { name: 'Other' }).check()
    await sheet.getByRole('button', { name: /^notes _b_\.html/ }).waitFor()
    await expectAccessible(page, 'documents of a room')
    await sheet.getByRole('button', { name: /^notes _b_\.html/ }).click()
    await sheet.waitFor({ state: 'detached' })
    await page.locator('article').getByText('my notes').waitFor()
    await page.getByRole('button', { name: 'Details' }).click()
    await sheet.getByRole('button', { name: 'Look at' }).first().press('Enter')
    await page.getByRole('button', { name: 'Go to the message' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  it('a list of files that does not load says so, and loads when asked again', async () => {
    const { page } = bob
    await page.route('**/files?kind=media*', (route) => route.abort())
    await page.getByRole('button', { name: 'Details' }).click()
    const sheet = page.getByRole('dialog', { name: 'Details' })
    await sheet.getByRole('button', { name: 'All files' }).click()
    await sheet.getByRole('radio', { name: 'Media' }).check()
    await sheet.getByRole('alert').waitFor()
    await page.unroute('**/files?kind=media*')
    await sheet.getByRole('alert').getByRole('button').click()
    await sheet.getByText('No sound or film yet').waitFor()
    await sheet.getByRole('button', { name: 'Close' }).click()
    await sheet.waitFor({ state: 'detached' })
  })

  it('a picture of a room is seen in the list and above the messages, until it is taken away', async () => {
    await ann.page.getByRole('button', { name: 'Details' }).click()
    await ann.page.locator('input[data-avatar]').setInputFiles(picture('room.png', 300, 200))
    await ann.page.getByRole('button', { name: 'Remove the picture' }).waitFor()
    await drawn(ann.page, `a[data-room="${room}"] img`, 1)
    await drawn(bob.page, '#main header img', 1)
    expect(
      await bob.page.evaluate<boolean>(
        `(({ naturalWidth, naturalHeight }) => naturalWidth === naturalHeight)(document.querySelector('#main header img'))`,
      ),
    ).toBe(true)
    await ann.page.getByRole('button', { name: 'Remove the picture' }).click()
    await bob.page.locator('#main header img').waitFor({ state: 'detached' })
  })

  it('a picture of oneself is seen by the others, until it is taken away', async () => {
    await ann.page.goto('/settings')
    await ann.page.locator('input[data-avatar]').setInputFiles(picture('me.png', 200, 200))
    await ann.page.getByRole('button', { name: 'Remove picture' }).waitFor()
    await bob.page.reload()
    await drawn(bob.page, 'article [aria-hidden] > img', 1)
    await ann.page.getByRole('button', { name: 'Remove picture' }).click()
    await ann.page.getByRole('button', { name: 'Remove picture' }).waitFor({ state: 'detached' })
  })
})
