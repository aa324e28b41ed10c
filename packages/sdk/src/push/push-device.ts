/** What a browser offers for web push, in the narrow shape the SDK uses, so that a test or another runtime can stand in. */

export type PushPermission = 'default' | 'granted' | 'denied'

export interface PushAddress {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
}

export interface ShownNotification {
  /** Of the inbox item it tells. */
  readonly id: string | undefined
  close(): void
}

export interface PushDeviceLike {
  permission(): PushPermission
  /** Asks the person; browsers do that only in answer to a click. */
  requestPermission(): Promise<PushPermission>
  /** Subscribes, or finds the subscription there is with this key. Throws what the browser throws. */
  subscribe(key: string): Promise<PushAddress>
  /** Does nothing where there is no subscription. */
  unsubscribe(): Promise<void>
  shown(): Promise<readonly ShownNotification[]>
}

const WORKER = '/sw.js'

/** The parts of a browser's global scope in use. */
interface Scope {
  readonly isSecureContext?: boolean
  readonly PushManager?: unknown
  readonly Notification?: {
    readonly permission: PushPermission
    requestPermission(): Promise<PushPermission>
  }
  readonly navigator?: { readonly serviceWorker?: WorkersLike }
}

interface WorkersLike {
  register(url: string, options: { scope: string }): Promise<unknown>
  getRegistration(scope: string): Promise<RegistrationLike | undefined>
  readonly ready: Promise<RegistrationLike>
}

interface RegistrationLike {
  readonly pushManager: {
    getSubscription(): Promise<SubscriptionLike | null>
    subscribe(options: {
      userVisibleOnly: boolean
      applicationServerKey: Uint8Array
    }): Promise<SubscriptionLike>
  }
  getNotifications(): Promise<readonly { readonly data: unknown; close(): void }[]>
}

interface SubscriptionLike {
  readonly options: { readonly applicationServerKey: ArrayBuffer | null }
  toJSON(): { endpoint?: string; keys?: Record<string, string> }
  unsubscribe(): Promise<boolean>
}

/** Null where the browser, or the page's way here (no TLS), does not offer it. */
export function browserPushDevice(): PushDeviceLike | null {
  const { Notification, PushManager, navigator, isSecureContext } = globalThis as unknown as Scope
  const workers = navigator?.serviceWorker
  if (isSecureContext !== true || Notification === undefined || PushManager === undefined) return null
  return workers === undefined ? null : createDevice(Notification, workers)
}

function createDevice(
  notifications: NonNullable<Scope['Notification']>,
  workers: WorkersLike,
): PushDeviceLike {
  return {
    permission: () => notifications.permission,
    requestPermission: () => notifications.requestPermission(),
    async subscribe(key) {
      await workers.register(WORKER, { scope: '/' })
      const { pushManager } = await workers.ready
      const wanted = bytesOf(key)
      const known = await pushManager.getSubscription()
      if (known !== null) {
        if (isEqual(known.options.applicationServerKey, wanted)) return addressOf(known)
        // Of a server that was set up anew.
        await known.unsubscribe()
      }
      return addressOf(await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: wanted }))
    },
    async unsubscribe() {
      const registration = await workers.getRegistration('/')
      await (await registration?.pushManager.getSubscription())?.unsubscribe()
    },
    async shown() {
      const registration = await workers.getRegistration('/')
      return ((await registration?.getNotifications()) ?? []).map((one) => ({
        id: (one.data as { id?: string } | null)?.id,
        close: () => one.close(),
      }))
    },
  }
}

function addressOf(subscription: SubscriptionLike): PushAddress {
  const { endpoint = '', keys = {} } = subscription.toJSON()
  return { endpoint, keys: { p256dh: keys.p256dh ?? '', auth: keys.auth ?? '' } }
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

function isEqual(buffer: ArrayBuffer | null, wanted: Uint8Array): boolean {
  const bytes = new Uint8Array(buffer ?? new ArrayBuffer(0))
  return bytes.length === wanted.length && bytes.every((byte, n) => byte === wanted[n])
}
