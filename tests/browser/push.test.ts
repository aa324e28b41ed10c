/**
 * Web push in Chromium, as far as it goes without the outside: the browser's own subscribing asks its maker's service,
 * so a subscription of ours stands in for that, and what our push service opened is handed to the service worker.
 */
import type { CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PushDevice, type PushEndpoint, startPushEndpoint } from '../support/push-endpoint.ts'
import { startTestServer } from '../support/test-server.ts'
import { eventually, message as messageOf } from './screen.ts'
import {
  expectAccessible,
  expectNoSidewaysScroll,
  openStageOn,
  type Stage,
  say,
  type Visitor,
} from './support.ts'

let pushes: PushEndpoint
let stage: Stage
let ann: Visitor
beforeAll(async () => {
  pushes = await startPushEndpoint()
  const env = { PARLEY_WEB: 'on', PARLEY_PUSH_PRIVATE_ORIGINS: pushes.origin }
  stage = await openStageOn(() => startTestServer({ env }))
  ann = await stage.person('ann')
})
afterAll(async () => {
  await stage.close()
  await pushes.close()
})

/** Pages opened from now on subscribe at our push service instead of the browser maker's. */
async function subscribeAt(visitor: Visitor, device: PushDevice): Promise<void> {
  await visitor.context.addInitScript(`{
    let on = false
    const subscription = {
      options: { applicationServerKey: null },
      toJSON: () => (${JSON.stringify(device.subscription)}),
      unsubscribe: async () => !(on = false),
    }
    PushManager.prototype.subscribe = async () => { on = true; return subscription }
    PushManager.prototype.getSubscription = async () => (on ? subscription : null)
  }`)
}

/** What the browser does when its push service brings something. */
async function createDelivery(page: Page): Promise<(data: unknown) => Promise<void>> {
  const session: CDPSession = await page.context().newCDPSession(page)
  const registered = new Promise<string>((resolve) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const [first] = registrations
      if (first !== undefined) resolve(first.registrationId)
    })
  })
  await session.send('ServiceWorker.enable')
  const registrationId = await registered
  return async (data) => {
    await session.send('ServiceWorker.deliverPushMessage', {
      origin: stage.url,
      registrationId,
      data: JSON.stringify(data),
    })
  }
}

/** Of the same origin, and nothing of the client runs in it. */
const WITHOUT_PROGRAM = '/theme.js'
/** Titles and texts that the system shows. */
const shown = (page: Page) =>
  page.evaluate<string[]>(`navigator.serviceWorker.getRegistration('/').then((registration) =>
    registration.getNotifications()).then((all) => all.map((one) => one.title + ': ' + one.body))`)

async function groupWith(other: Visitor, name: string): Promise<string> {
  const { room } = await ann.api<{ room: { id: string } }>('POST', '/rooms', {
    kind: 'group',
    name,
    usernames: [other.username],
  })
  return room.id
}

describe('notifications on this device', () => {
  it('are explained before the browser asks, told while no page is open, and gone when they were read', async () => {
    const ben = await stage.person('ben')
    const device = await pushes.subscribe()
    await subscribeAt(ben, device)
    await ben.context.grantPermissions(['notifications'], { origin: stage.url })
    const { page } = ben
    await page.goto('/settings')
    await page.getByRole('button', { name: 'Notify me on this device…' }).click()
    await page.getByText('Your browser asks you next').waitFor()
    await page.getByRole('button', { name: 'Not now' }).click()
    expect((await ben.api<{ subscribed: boolean }>('GET', '/push')).subscribed).toBe(false)
    await page.getByRole('button', { name: 'Notify me on this device…' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('This device tells you').waitFor()
    expect((await ben.api<{ subscribed: boolean }>('GET', '/push')).subscribed).toBe(true)

    const room = await groupWith(ben, 'Ferry')
    const deliver = await createDelivery(page)
    // No page of ours is open any more.
    await page.goto('about:blank')
    await say(ann, room, `**one** @${ben.username}`)
    await eventually(() => device.pushes.length, 30_000).toBeGreaterThan(0)
    const seq = await say(ann, room, `two @${ben.username}`)
    await eventually(() => device.pushes.at(-1)?.data.seq, 30_000).toBe(seq)
    const shows = [...device.pushes]
    for (const { data } of shows) await deliver(data)
    // One for the room, with the newest words; what comes late changes nothing.
    const told = [`ann · Ferry (${shows.at(-1)?.data.count}): two @${ben.username}`]
    await page.goto(WITHOUT_PROGRAM)
    await eventually(() => shown(page)).toEqual(told)
    await page.goto('about:blank')
    await deliver(shows[0]?.data)
    await page.goto(WITHOUT_PROGRAM)
    await eventually(() => shown(page)).toEqual(told)

    // Read on another device: the push that follows clears it.
    await ben.api('POST', '/notifications/read', { all: true })
    await eventually(() => device.pushes.at(-1)?.data.type, 30_000).toBe('clear')
    await deliver(device.pushes.at(-1)?.data)
    await eventually(() => shown(page)).toEqual([])

    // Where that push does not come, the page clears what was read as soon as it is open.
    await page.goto('about:blank')
    for (const { data } of shows) await deliver(data)
    await page.goto(WITHOUT_PROGRAM)
    await eventually(() => shown(page)).toEqual(told)
    await page.goto('/people')
    await eventually(() => shown(page)).toEqual([])

    // A click is the system's; what the worker says to an open page after it leads to the message.
    const [worker] = ben.context.serviceWorkers()
    const message = JSON.stringify({ type: 'parley.open', path: `/r/${room}/${seq}` })
    await worker?.evaluate(`self.clients.matchAll().then(([page]) => page.postMessage(${message}))`)
    await messageOf(page, `two @${ben.username}`).waitFor()
    expect(new URL(page.url()).pathname).toMatch(new RegExp(`^/r/${room}`))
  })

  it('can be switched off, and say as little as one wants', async () => {
    const ben = await stage.person('ben', { language: 'vi', width: 360, height: 740, dark: true })
    await subscribeAt(ben, await pushes.subscribe())
    await ben.context.grantPermissions(['notifications'], { origin: stage.url })
    const { page } = ben
    await page.goto('/settings')
    await page.getByRole('button', { name: 'Thông báo trên thiết bị này…' }).click()
    await page.getByRole('button', { name: 'Tiếp tục' }).waitFor()
    await expectAccessible(page, 'the explanation')
    await expectNoSidewaysScroll(page, 'the explanation')
    await page.getByRole('button', { name: 'Tiếp tục' }).click()
    await page.getByRole('button', { name: 'Không thông báo trên thiết bị này nữa' }).waitFor()
    const saved = page.waitForResponse((answer) => answer.request().method() === 'PATCH')
    await page.getByRole('radio', { name: 'Chỉ ai viết' }).check()
    expect(await (await saved).json()).toMatchObject({ settings: { push_content: 'sender' } })
    await page.reload()
    await page.getByRole('radio', { name: 'Chỉ ai viết' }).and(page.locator(':checked')).waitFor()
    await page.getByRole('button', { name: 'Không thông báo trên thiết bị này nữa' }).click()
    await page.getByRole('button', { name: 'Thông báo trên thiết bị này…' }).waitFor()
    await eventually(async () => (await ben.api<{ subscribed: boolean }>('GET', '/push')).subscribed).toBe(
      false,
    )
  })

  it('are not offered where the browser blocks them', async () => {
    const ben = await stage.person('ben')
    await ben.context.addInitScript(
      `Object.defineProperty(Notification, 'permission', { get: () => 'denied' })`,
    )
    await ben.page.goto('/settings')
    await ben.page.getByText('This browser blocks notifications of Parley').waitFor()
    expect(await ben.page.getByRole('button', { name: 'Notify me on this device…' }).count()).toBe(0)
  })
})
