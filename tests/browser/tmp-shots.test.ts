import { it } from 'vitest'
import { openStage } from './support.ts'
import sharp from 'sharp'

it('shots', async () => {
  const stage = await openStage()
  const ann = await stage.person('Ann')
  const made = await ann.api<{ room: { id: string } }>('POST', '/rooms', { kind: 'group', name: 'Ảnh Đà Nẵng', usernames: [] })
  const room = made.room.id
  await ann.page.goto(`/r/${room}`)
  const send = async (name: string, buffer: Buffer, mimeType = 'image/png') => {
    await ann.page.locator('input[data-attach]').setInputFiles([{ name, mimeType, buffer }])
    await ann.page.getByRole('button', { name: `Do not send ${name}` }).waitFor()
    await ann.page.getByRole('button', { name: 'Send message' }).click()
    await ann.page.getByRole('button', { name: `Do not send ${name}` }).waitFor({ state: 'detached' })
  }
  for (let n = 0; n < 9; n++) {
    const svg = `<svg width="400" height="${200 + n * 40}" xmlns="http://www.w3.org/2000/svg"><rect width="100%" height="100%" fill="hsl(${n * 40},60%,60%)"/><circle cx="200" cy="100" r="${40 + n * 5}" fill="hsl(${n * 40 + 120},60%,40%)"/></svg>`
    await send(`pic${n}.png`, await sharp(Buffer.from(svg)).png().toBuffer())
  }
  await send('Báo cáo quý ba năm hai nghìn không trăm hai mươi sáu – bản cuối cùng.pdf', Buffer.from('%PDF-1.4 hello'), 'application/pdf')
  await send('notes.txt', Buffer.from('hello'), 'text/plain')
  await ann.page.getByRole('button', { name: 'Details' }).click()
  await ann.page.locator('input[data-avatar]').setInputFiles([{ name: 'room.png', mimeType: 'image/png', buffer: await sharp({ create: { width: 300, height: 200, channels: 3, background: '#c63' } }).png().toBuffer() }])
  await ann.page.getByRole('button', { name: 'Remove the picture' }).waitFor()
  const kinds: [string, number, number, string, boolean][] = [
    ['wide-light-en', 1400, 860, 'en', false],
    ['wide-dark-vi', 1400, 860, 'vi', true],
    ['phone-light-vi', 360, 740, 'vi', false],
    ['phone-dark-en', 360, 740, 'en', true],
  ]
  for (const [name, width, height, language, dark] of kinds) {
    const p = await stage.person(name, { width, height, language, dark } as never)
    await ann.api('POST', `/rooms/${room}/members`, { username: p.username })
    const { page } = p
    await page.goto(`/r/${room}`)
    await page.locator('#main article').first().waitFor()
    const details = page.locator('#main header').first().getByRole('button').last()
    if (!(await page.locator('#details-files').isVisible())) await details.click()
    await page.locator('#details-files').waitFor()
    await page.waitForTimeout(700)
    await page.screenshot({ path: `/tmp/f/shots/${name}-1.png` })
    await page.locator('section[aria-labelledby="details-files"] > button').click()
    await page.waitForTimeout(700)
    await page.screenshot({ path: `/tmp/f/shots/${name}-2.png` })
    await page.locator('input[name="file-kind"]').nth(1).check({ force: true })
    await page.waitForTimeout(400)
    await page.screenshot({ path: `/tmp/f/shots/${name}-3.png` })
    await page.locator('input[name="file-kind"]').nth(2).check({ force: true })
    await page.waitForTimeout(400)
    await page.screenshot({ path: `/tmp/f/shots/${name}-4.png` })
  }
  const page = ann.page
  await page.screenshot({ path: `/tmp/f/shots/ann.png` })
  await page.locator('section[aria-labelledby="details-settings"]').scrollIntoViewIfNeeded()
  await page.screenshot({ path: `/tmp/f/shots/ann-settings.png` })
  await page.locator('section[aria-labelledby="details-files"]').scrollIntoViewIfNeeded()
  await page.locator('section[aria-labelledby="details-files"] li button').first().click()
  await page.waitForTimeout(600)
  await page.screenshot({ path: `/tmp/f/shots/lightbox.png` })
  await stage.close()
}, 180_000)
