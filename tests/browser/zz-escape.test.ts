import { test } from 'vitest'
import { openStage } from './support.ts'
test('escape', async () => {
  const stage = await openStage()
  try {
    const ann = await stage.person('Ann')
    const { page } = ann
    await ann.api('POST', '/rooms', { kind: 'group', name: 'G', usernames: [] })
    await page.goto('/people')
    await page.getByRole('heading', { name: 'People online' }).waitFor()
    const box = page.getByRole('combobox', { name: 'Go to…' })
    const cdp = await page.context().newCDPSession(page)
    for (const rate of [1, 6, 20]) {
      await cdp.send('Emulation.setCPUThrottlingRate', { rate })
      let stuck = 0
      const n = 25
      for (let i = 0; i < n; i++) {
        await page.keyboard.press('Control+k')
        await box.waitFor()
        await page.keyboard.press('Escape')
        const ok = await box.waitFor({ state: 'detached', timeout: 2500 }).then(() => true, () => false)
        if (!ok) {
          stuck++
          console.log('STUCK', rate, i, await page.evaluate(`JSON.stringify({active: document.activeElement.outerHTML.slice(0,150), popup: document.querySelector('[role=dialog]')?.outerHTML.slice(0,300)})`))
          await page.keyboard.press('Escape')
          const ok2 = await box.waitFor({ state: 'detached', timeout: 3000 }).then(() => true, () => false)
          console.log('second escape helps', ok2)
        }
      }
      console.log('RATE', rate, 'stuck', stuck, 'of', n)
    }
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: 1 })
    // In the very task in which the box appears.
    for (const when of ['microtask', 'message', 'frame']) {
      let stuck = 0
      for (let i = 0; i < 10; i++) {
        const p = page.evaluate(`new Promise((resolve) => {
          const o = new MutationObserver(() => {
            if (!document.querySelector('[role=combobox]')) return
            o.disconnect()
            const fire = () => { document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true })); resolve(document.activeElement.tagName + ' ' + (document.activeElement.getAttribute('role'))) }
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
  } finally { await stage.close() }
}, 300000)
