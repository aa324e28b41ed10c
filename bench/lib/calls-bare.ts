import { createHmac } from 'node:crypto'
import type { Browser } from 'playwright-core'
import { openContext, type ProbeOptions } from './calls-browser.ts'
import type { Duo } from './calls-duo.ts'

/** Bare WebRTC (`bench/peers/bare-webrtc.js`) in two browsers. */

export interface BareOptions {
  readonly id: string
  readonly label: string
  readonly origin: string
  /** Of the caller and of the one who answers. */
  readonly browsers: readonly [Browser, Browser]
  readonly probe: ProbeOptions
  readonly iceServers: readonly object[]
}

/** As long as a benchmark. */
const CREDENTIAL_S = 12 * 3_600

/** What coturn takes with `use-auth-secret`. */
export function turnCredentials(url: string, secret: string, nowMs: number) {
  const username = `${Math.floor(nowMs / 1_000) + CREDENTIAL_S}:bench`
  return { urls: [url], username, credential: createHmac('sha1', secret).update(username).digest('base64') }
}

export async function openBareDuo(options: BareOptions): Promise<Duo> {
  const { id, label, origin, browsers, probe, iceServers } = options
  const [caller, callee] = await Promise.all(
    browsers.map(async (browser) => (await openContext(browser, probe)).newPage()),
  )
  if (caller === undefined || callee === undefined) throw new Error('it takes two')
  const servers = encodeURIComponent(JSON.stringify(iceServers))
  let room = 0
  return {
    id,
    label,
    relayed: probe.relayOnly === true,
    caller,
    callee,
    async ring() {
      room++
      for (const page of [caller, callee])
        await page.goto(`${origin}/?polite=${page === caller}&room=${id}-${room}&servers=${servers}`)
      await caller.evaluate('call()')
    },
    answer: () => callee.getByRole('button', { name: 'Answer' }).click(),
    async end() {
      for (const page of [callee, caller]) await page.getByRole('button', { name: 'End' }).click()
    },
    // Both pages are opened anew by `ring`, in another room.
    async renew() {},
    async close() {
      for (const page of [callee, caller]) await page.context().close()
    },
  }
}
