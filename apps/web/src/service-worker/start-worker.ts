/** The service worker: it is woken for pushes while no page is open, and does nothing else. */
import { describePush, type PushPayload } from './describe-push.ts'

/** What the page is told when a notification was clicked. */
export interface OpenRequest {
  readonly type: 'parley.open'
  readonly path: string
}

/** Short, long enough to be felt in a pocket; milliseconds on and off. */
const RING_VIBRATION = [600, 400, 600, 400, 600]

interface Shown {
  readonly id?: string
  readonly at: number
  readonly path: string
}

export function startWorker(scope: ServiceWorkerGlobalScope): void {
  // Nothing is served from here, so that a new one may take over at any moment.
  scope.addEventListener('install', (event) => event.waitUntil(scope.skipWaiting()))
  scope.addEventListener('activate', (event) => event.waitUntil(scope.clients.claim()))
  scope.addEventListener('push', (event) => {
    const push = read(event.data)
    if (push !== undefined) event.waitUntil(take(scope, push))
  })
  scope.addEventListener('notificationclick', (event) => {
    event.notification.close()
    const { path } = event.notification.data as Shown
    event.waitUntil(open(scope, path))
  })
  scope.addEventListener('pushsubscriptionchange', (event) => {
    const { oldSubscription } = event as unknown as { oldSubscription?: PushSubscription | null }
    ;(event as ExtendableEvent).waitUntil(renew(scope, oldSubscription))
  })
}

function read(data: PushMessageData | null): PushPayload | undefined {
  try {
    const push = data?.json() as PushPayload
    return typeof push.room === 'string' ? push : undefined
  } catch {
    // Nothing of ours.
    return undefined
  }
}

async function take(scope: ServiceWorkerGlobalScope, push: PushPayload): Promise<void> {
  const { registration } = scope
  const tag = tagOf(push.room, push.kind)
  const before = await registration.getNotifications({ tag })
  if (push.type === 'clear') {
    for (const one of before) one.close()
    return
  }
  if (push.type !== 'show') return
  // A call that was missed rings no longer.
  if (push.kind === 'call')
    for (const one of await registration.getNotifications({ tag: tagOf(push.room, 'ring') })) one.close()
  const at = push.at ?? Date.now()
  const mustShow = await isApples(registration)
  // Pushes may overtake each other.
  const newer = before.find((one) => (one.data as Shown).at > at)
  if (newer !== undefined) {
    const { title, body, data, tag, icon, lang } = newer
    if (mustShow) await registration.showNotification(title, { body, data, tag, icon, lang, silent: true })
    return
  }
  // Whoever looks at a page of ours is told there.
  const pages = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true })
  if (!mustShow && pages.some((page) => page.focused)) return
  const { title, body, language, path } = describePush(push)
  const data: Shown = { at, path, ...(push.id === undefined ? {} : { id: push.id }) }
  const options = {
    body,
    data,
    tag,
    ...(push.kind === 'ring' ? { requireInteraction: true, vibrate: RING_VIBRATION } : {}),
    // It replaces what was there of this room, and draws attention all the same.
    renotify: true,
    lang: language,
    timestamp: at,
    icon: '/icon-maskable.svg',
  }
  await registration.showNotification(title, options)
}

/** One notification a room, and beside it one while a call rings there. */
const tagOf = (room: string, kind: string | undefined): string => (kind === 'ring' ? `ring ${room}` : room)

/** There each push has to show something: after the third that did not the permission is gone. */
async function isApples(registration: ServiceWorkerRegistration): Promise<boolean> {
  const subscription = await registration.pushManager.getSubscription()
  return subscription !== null && /(^|\.)push\.apple\.com$/.test(new URL(subscription.endpoint).hostname)
}

async function open(scope: ServiceWorkerGlobalScope, path: string): Promise<void> {
  const pages = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const page = pages.find((one) => one.visibilityState === 'visible') ?? pages[0]
  if (page === undefined) {
    await scope.clients.openWindow(path)
    return
  }
  const focused = await page.focus()
  focused.postMessage({ type: 'parley.open', path } satisfies OpenRequest)
}

/** The browser gave the subscription another address. Where the session needs renewing, the next visit does it. */
async function renew(
  scope: ServiceWorkerGlobalScope,
  old: PushSubscription | null | undefined,
): Promise<void> {
  const key = old?.options.applicationServerKey
  if (key == null) return
  const subscription = await scope.registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: key,
  })
  const { endpoint, keys } = subscription.toJSON()
  await fetch('/api/v1/push/subscription', {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ endpoint, keys, language: scope.navigator.language }),
  })
}
