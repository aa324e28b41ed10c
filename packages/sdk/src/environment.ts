/** What the SDK takes from its surroundings, in the narrow shapes it uses, so that a test or another runtime can stand in. */
import type { ParleyOptions, Storage } from './api.ts'
import { type Clock, systemClock } from './clock.ts'
import { browserPushDevice, type PushDeviceLike } from './push/push-device.ts'
import { indexedDbStorage } from './storage/indexeddb.ts'
import { memoryStorage } from './storage/memory.ts'

export interface WebSocketLike {
  send(data: string): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void
  addEventListener(type: 'error', listener: () => void): void
}
export type WebSocketConstructor = new (url: string, protocols?: string | string[]) => WebSocketLike

/** XMLHttpRequest, as far as needed: the only way to see an upload move. */
export interface XhrLike {
  readonly status: number
  readonly responseText: string
  withCredentials: boolean
  readonly upload: {
    addEventListener(type: 'progress', listener: (event: { loaded: number; total: number }) => void): void
  }
  addEventListener(type: 'load' | 'error' | 'abort', listener: () => void): void
  open(method: string, url: string): void
  setRequestHeader(name: string, value: string): void
  getResponseHeader(name: string): string | null
  send(body: FormData): void
  abort(): void
}
export type XhrConstructor = new () => XhrLike

/** Web Locks, as far as needed. */
export interface LocksLike {
  request<Result>(name: string, callback: () => Promise<Result>): Promise<Result>
}

/** A BroadcastChannel between the tabs of one browser. */
export interface ChannelLike {
  postMessage(message: unknown): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  close(): void
}

export interface ParleyInjectables {
  readonly fetch?: typeof globalThis.fetch
  /** `null`: no WebSocket here, only the stand-by link. */
  readonly WebSocket?: WebSocketConstructor | null
  /** `null`: uploads go by `fetch`, which tells no progress. */
  readonly XMLHttpRequest?: XhrConstructor | null
  readonly clock?: Clock
  /** Uniform in [0, 1); jitter comes from here. */
  readonly random?: () => number
  /** Makes `client_id`s: 8–40 of `A-Z a-z 0-9 _ -`, never the same twice. */
  readonly newId?: () => string
  /** `null`: no locks; then every tab refreshes and sends by itself, and idempotency keeps it right. */
  readonly locks?: LocksLike | null
  readonly openChannel?: ((name: string) => ChannelLike) | null
  /** `null`: no web push here. */
  readonly pushDevice?: PushDeviceLike | null
  /** Calls back when the line deserves a look: the network came or is said to have gone, the page is looked at again. Returns the end of it. */
  readonly onWake?: (callback: () => void) => () => void
}

export interface Environment {
  readonly baseUrl: string
  readonly tokens: 'cookie' | 'bearer'
  readonly storage: Storage
  readonly fetch: typeof globalThis.fetch
  readonly WebSocket: WebSocketConstructor | null
  readonly XMLHttpRequest: XhrConstructor | null
  readonly clock: Clock
  readonly random: () => number
  readonly newId: () => string
  readonly locks: LocksLike | null
  readonly openChannel: ((name: string) => ChannelLike) | null
  readonly pushDevice: PushDeviceLike | null
  readonly onWake: (callback: () => void) => () => void
}

interface EventSource {
  addEventListener(type: string, listener: () => void): void
  removeEventListener(type: string, listener: () => void): void
}

/** The parts of a browser's global scope in use; each may be missing. */
interface Scope {
  readonly document?: EventSource & { readonly visibilityState?: string }
  readonly addEventListener?: EventSource['addEventListener']
  readonly removeEventListener?: EventSource['removeEventListener']
  readonly location?: { readonly origin?: string }
  readonly navigator?: { readonly locks?: LocksLike }
  readonly indexedDB?: unknown
  readonly WebSocket?: WebSocketConstructor
  readonly XMLHttpRequest?: XhrConstructor
  readonly BroadcastChannel?: new (name: string) => ChannelLike
}

export function readEnvironment(options: ParleyOptions & ParleyInjectables): Environment {
  const scope = globalThis as unknown as Scope
  // Node has locks and channels too, but its processes are not tabs of one person and a channel would keep it alive.
  const browser = scope.indexedDB !== undefined && scope.document !== undefined
  const baseUrl = options.baseUrl ?? scope.location?.origin
  if (baseUrl === undefined) throw new TypeError('createParley needs baseUrl outside a browser')
  const { BroadcastChannel } = scope
  const storage = options.storage ?? (browser ? indexedDbStorage('parley') : memoryStorage())
  return {
    baseUrl: baseUrl.replace(/\/+$/, ''),
    tokens: options.tokens ?? (browser ? 'cookie' : 'bearer'),
    storage,
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    WebSocket: options.WebSocket === undefined ? (scope.WebSocket ?? null) : options.WebSocket,
    XMLHttpRequest:
      options.XMLHttpRequest === undefined ? (scope.XMLHttpRequest ?? null) : options.XMLHttpRequest,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    newId: options.newId ?? randomId,
    locks:
      options.locks === undefined ? ((browser ? scope.navigator?.locks : undefined) ?? null) : options.locks,
    openChannel:
      options.openChannel !== undefined
        ? options.openChannel
        : browser && BroadcastChannel !== undefined
          ? (name) => new BroadcastChannel(name)
          : null,
    pushDevice:
      options.pushDevice === undefined && browser ? browserPushDevice() : (options.pushDevice ?? null),
    onWake: options.onWake ?? ((callback) => listenForWake(scope, callback)),
  }
}

function listenForWake(scope: Scope, callback: () => void): () => void {
  const { document } = scope
  if (document === undefined || scope.addEventListener === undefined) return () => {}
  const visible = () => {
    if (document.visibilityState === 'visible') callback()
  }
  const target = globalThis as unknown as EventSource
  target.addEventListener('online', callback)
  // Said of a network that went, while its sockets say nothing for a minute.
  target.addEventListener('offline', callback)
  target.addEventListener('pageshow', callback)
  document.addEventListener('visibilitychange', visible)
  return () => {
    target.removeEventListener('online', callback)
    target.removeEventListener('offline', callback)
    target.removeEventListener('pageshow', callback)
    document.removeEventListener('visibilitychange', visible)
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-'

/** 22 characters, 132 random bits. Not `randomUUID`: that is missing on pages without TLS, as in a home network. */
function randomId(): string {
  let id = ''
  for (const byte of crypto.getRandomValues(new Uint8Array(22))) id += ALPHABET[byte & 63]
  return id
}
