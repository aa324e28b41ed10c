/** Web push on this device: on or off as its owner wants it, known to the server, and nothing shown that was read. */
import type { Notification } from '@parley/protocol'
import type { Push, PushStatus, Storage } from '../api.ts'
import type { Rest } from '../rest.ts'
import { ValueStore } from '../store/store.ts'
import type { PushDeviceLike } from './push-device.ts'

const LOOK_BACK_ITEMS = 200

export interface PushClientParts {
  readonly device: PushDeviceLike | null
  readonly rest: Pick<Rest, 'call'>
  /** Remembers per person that they want it here, and in which language. */
  readonly storage: Storage
}

export class PushClient implements Push {
  readonly #parts: PushClientParts
  readonly #state = new ValueStore<PushStatus>('unknown')
  #user: string | null = null
  /** Told to the server since this person came. */
  #registered = false

  constructor(parts: PushClientParts) {
    this.#parts = parts
  }

  readonly get = (): PushStatus => this.#state.get()
  readonly subscribe = (listener: () => void): (() => void) => this.#state.subscribe(listener)

  /** A connection of this person began. Never rejects. */
  async online(user: string): Promise<void> {
    this.#user = user
    try {
      await Promise.all([this.#resume(user), this.#tidy()])
    } catch {
      // The next connection tries again.
    }
  }

  /** Whoever was here is gone; what they were told is nobody else's. `forget`: they wanted that. Never rejects. */
  async leave(user: string | null, forget: boolean): Promise<void> {
    const { device, storage } = this.#parts
    this.#user = null
    this.#registered = false
    this.#state.set('unknown')
    try {
      for (const one of (await device?.shown()) ?? []) one.close()
      if (!forget || user === null) return
      await storage.delete(keyOf(user))
      await device?.unsubscribe()
    } catch {
      // The server has ended the subscription with the session.
    }
  }

  /** What was read, here or elsewhere, is not shown any more. Never rejects. */
  async takeRead(read: readonly string[] | 'all'): Promise<void> {
    try {
      // What has no id is no item: that a call rings.
      for (const one of (await this.#parts.device?.shown()) ?? [])
        if (one.id !== undefined && (read === 'all' || read.includes(one.id))) one.close()
    } catch {
      // The next connection tidies up.
    }
  }

  async enable(language: string): Promise<void> {
    const { device, storage } = this.#parts
    const user = this.#user
    if (device === null || user === null) return this.#settle('unsupported')
    if (device.permission() !== 'granted' && (await device.requestPermission()) !== 'granted') {
      return this.#settle(device.permission() === 'denied' ? 'blocked' : 'off')
    }
    await this.#register(device, language)
    await storage.set(keyOf(user), language)
    this.#settle('on')
  }

  async disable(): Promise<void> {
    const { device, storage, rest } = this.#parts
    const user = this.#user
    if (device === null || user === null) return
    await storage.delete(keyOf(user))
    this.#registered = false
    this.#settle(device.permission() === 'denied' ? 'blocked' : 'off')
    await Promise.all([device.unsubscribe(), rest.call('DELETE', '/push/subscription')])
  }

  #settle(status: PushStatus): void {
    this.#state.set(status)
  }

  async #resume(user: string): Promise<void> {
    const { device, storage } = this.#parts
    if (device === null) return this.#settle('unsupported')
    if (device.permission() === 'denied') return this.#settle('blocked')
    const language = await storage.get(keyOf(user))
    if (device.permission() !== 'granted' || typeof language !== 'string') {
      this.#settle('off')
      // Of somebody who used this browser before: their pushes must not come here.
      if (!this.#registered) await device.unsubscribe()
      return
    }
    this.#settle('on')
    if (!this.#registered) await this.#register(device, language)
  }

  async #register(device: PushDeviceLike, language: string): Promise<void> {
    const { rest } = this.#parts
    const user = this.#user
    const { key } = await rest.call<{ key: string }>('GET', '/push')
    const { endpoint, keys } = await device.subscribe(key)
    await rest.call('PUT', '/push/subscription', { body: { endpoint, keys, language } })
    this.#registered = user === this.#user
  }

  /** What was read while nothing of ours was open. */
  async #tidy(): Promise<void> {
    const shown = (await this.#parts.device?.shown()) ?? []
    if (shown.length === 0) return
    const query = { limit: LOOK_BACK_ITEMS }
    const { notifications } = await this.#parts.rest.call<{ notifications: Notification[] }>(
      'GET',
      '/notifications',
      { query },
    )
    const unread = new Set(notifications.filter((item) => item.read_at === undefined).map(({ id }) => id))
    for (const one of shown) if (one.id !== undefined && !unread.has(one.id)) one.close()
  }
}

const keyOf = (user: string): string => `push:${user}`
