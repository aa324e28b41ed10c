import { test } from 'vitest'
import { openStage } from './support.ts'
test('escape', async () => {
  const stage = await openStage()
  try {
    const ann = await stage.person('Ann')
    const { page } = ann
    const { room } = await ann.api<any>('POST', '/rooms', { kind: 'group', name: 'G', usernames: [] })
    for (let i = 0; i < 5; i++) await ann.api('POST', `/rooms/${room.id}/messages`, { client_id: `client-${i}-xxxx`, body: `m ${i}` })
    await page.goto(`/r/${room.id}`)
    await page.getByRole('heading', { name: 'G' }).first().waitFor()
    const box = page.getByRole('combobox', { name: 'Go to…' })
    await page.keyboard.press('Control+k'); await box.waitFor(); await page.keyboard.press('Escape'); await box.waitFor({ state: 'detached' })
    for (const when of ['microtask', 'message', 'frame']) {
      let stuck = 0
      for (let i = 0; i < 6; i++) {
        const p = page.evaluate(`new Promise((resolve) => {
          const o = new MutationObserver(() => {
            if (!document.querySelector('[role=combobox]')) return
            o.disconnect()
            const fire = () => { const a = document.activeElement; a.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true })); resolve(a.tagName + ' ' + a.getAttribute('role')) }
            if ('${when}' === 'microtask') fire()
            else if ('${when}' === 'message') { const c = new MessageChannel(); c.port1.onmessage = fire; c.port2.postMessage(0) }
            else requestAnimationFrame(fire)
          })
          o.observe(document.body, { childList: true, subtree: true })
        })`)
        await page.keyboard.press('Control+k')
        const active = await p
        const ok = await box.waitFor({ state: 'detached', timeout: 1500 }).then(() => true, () => false)
        if (!ok) { stuck++; if (stuck === 1) console.log('active was', active); await page.keyboard.press('Escape'); await box.waitFor({ state: 'detached', timeout: 3000 }) }
      }
      console.log('WHEN', when, 'stuck', stuck)
    }
    const cdp = await page.context().newCDPSession(page)
    for (const rate of [1, 4]) {
      await cdp.send('Emulation.setCPUThrottlingRate', { rate })
      let stuck = 0
      for (let i = 0; i < 20; i++) {
        await page.locator('article').last().focus()
        await page.keyboard.press('Enter')
        await page.getByRole('menu').waitFor()
        await page.keyboard.press('Escape')
        await page.getByRole('menu').waitFor({ state: 'detached' })
        await page.keyboard.press('Control+k')
        await box.waitFor()
        await page.keyboard.press('Escape')
        const ok = await box.waitFor({ state: 'detached', timeout: 2500 }).then(() => true, () => false)
        if (!ok) {
          stuck++
          console.log('STUCK', rate, i, await page.evaluate(`JSON.stringify({active: document.activeElement.outerHTML.slice(0,150), popup: document.querySelector('[role=dialog]')?.outerHTML.slice(0,300)})`))
          await page.keyboard.press('Escape')
          console.log('second escape helps', await box.waitFor({ state: 'detached', timeout: 3000 }).then(() => true, () => false))
        }
      }
      console.log('RATE', rate, 'stuck', stuck)
    }
  } catch (e) { console.log('STUCK?', String(e)) } finally { await stage.close() }
}, 170000)
