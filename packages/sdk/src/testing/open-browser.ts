import type { Storage } from '../api.ts'
import type { ChannelLike, LocksLike } from '../environment.ts'
import { memoryStorage } from '../storage/memory.ts'

/** What the tabs of one browser share: a store, locks, channels and a cookie jar. */
export interface Browser {
  readonly storage: Storage
  readonly locks: LocksLike
  readonly openChannel: (name: string) => ChannelLike
  /** `fetch` with that jar, as far as the stand-in server needs one. */
  readonly fetchWithCookies: typeof fetch
  setCookie(access: string): void
}

export function openBrowser(): Browser {
  let cookie = ''
  return {
    storage: memoryStorage(),
    locks: createLocks(),
    openChannel: createChannels(),
    async fetchWithCookies(input, init) {
      const headers = { ...(init?.headers as Record<string, string>) }
      if ('authorization' in headers) throw new Error('a token left the cookie jar')
      const response = await fetch(input, { ...init, headers: { ...headers, cookie } })
      if (String(input).endsWith('/auth/logout')) cookie = ''
      if (!/\/auth\/(login|register|refresh)$/.test(String(input)) || !response.ok) return response
      const { refresh_token, ...rest } = (await response.json()) as {
        access_token: string
        refresh_token: string
      }
      cookie = `access=${rest.access_token}; refresh=${refresh_token}`
      // To a browser the refresh token is given as a cookie only.
      return Response.json(rest)
    },
    setCookie(access) {
      cookie = `access=${access}`
    },
  }
}

function createLocks(): LocksLike {
  const tails = new Map<string, Promise<unknown>>()
  return {
    request(name, callback) {
      const result = (tails.get(name) ?? Promise.resolve()).then(callback, callback)
      tails.set(
        name,
        result.catch(() => {}),
      )
      return result
    },
  }
}

function createChannels(): (name: string) => ChannelLike {
  const channels = new Set<{ name: string; hear: (data: unknown) => void }>()
  return (name) => {
    const own = { name, hear: (_data: unknown) => {} }
    channels.add(own)
    return {
      postMessage(message) {
        const copy: unknown = structuredClone(message)
        for (const other of channels) {
          if (other !== own && other.name === name) queueMicrotask(() => other.hear(copy))
        }
      },
      addEventListener(_type, listener) {
        own.hear = (data) => listener({ data })
      },
      close() {
        channels.delete(own)
      },
    }
  }
}
