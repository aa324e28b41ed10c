/** What a browser has for the call of this tab. */
import { browserMedia } from './browser-media.ts'
import { claimEndpoint, type TabStorage } from './endpoint.ts'
import { TabCall, type TabCallParts } from './tab-call.ts'

/** A page that is reloaded may still hold its lock for a moment. */
const CLAIM_TRIES = 3
const CLAIM_AGAIN_MS = 150

interface Scope {
  readonly navigator?: {
    readonly locks?: {
      request(
        name: string,
        options: { readonly ifAvailable: true },
        callback: (lock: unknown) => Promise<unknown> | undefined,
      ): Promise<unknown>
    }
  }
}

export async function loadTabCall(
  parts: Omit<TabCallParts, 'endpoint' | 'port'>,
  { storage, newId }: { readonly storage: TabStorage | null; readonly newId: () => string },
): Promise<TabCall> {
  const pause = () => new Promise<void>((resolve) => parts.clock.after(CLAIM_AGAIN_MS, resolve))
  const endpoint = await claimEndpoint(storage, newId, async (id) => {
    for (let tried = 1; ; tried++) {
      if (await lockForGood(`parley-call-endpoint-${id}`)) return true
      if (tried === CLAIM_TRIES) return false
      await pause()
    }
  })
  return new TabCall({ ...parts, endpoint, port: browserMedia() })
}

/** Until the page is gone. False: another tab has it. */
function lockForGood(name: string): Promise<boolean> {
  const { locks } = (globalThis as unknown as Scope).navigator ?? {}
  if (locks === undefined) return Promise.resolve(true)
  return new Promise((resolve) => {
    locks
      .request(name, { ifAvailable: true }, (lock) => {
        resolve(lock !== null)
        return lock === null ? undefined : new Promise(() => {})
      })
      // Where locks are forbidden nobody can hold one.
      .catch(() => resolve(true))
  })
}
