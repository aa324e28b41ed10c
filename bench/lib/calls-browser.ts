import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { CHROMIUM, CHROMIUM_FLAGS } from '../../tests/support/chromium-flags.ts'
import type { Host } from './calls-lab.ts'

/** Real browsers with devices that are made up, and what is measured in their pages. */

const ACTION_TIMEOUT_MS = 20_000
const POLL_MS = 50
/** Of the last answer, in an error. */
const SAID_MAX = 300

export interface ProbeOptions {
  /** Through TURN only. */
  readonly relayOnly?: boolean
  /** What the camera is asked for instead of what the page asks; in pixels and frames per second. */
  readonly video?: { readonly width: number; readonly height: number; readonly frameRate: number }
}

/** Sums over all video streams of a page, since it was opened. */
export interface Counts {
  /** Milliseconds of the machine's clock. */
  readonly at: number
  readonly framesDecoded?: number
  readonly bytesReceived?: number
  readonly freezeCount?: number
  /** In seconds. */
  readonly totalFreezesDuration?: number
  readonly packetsLost?: number
  readonly bytesSent?: number
  readonly framesSent?: number
  /** Of the largest picture it sends. */
  readonly frameHeight: number
}

/** Of a page since it was opened; milliseconds of the machine's clock. */
interface Seen {
  readonly clickedAt: number | null
  /** When the page had its devices. */
  readonly devicesAt: number | null
  /** When its first connection to somebody was there. */
  readonly connectedAt: number | null
  /** When the first frame of each received picture was decoded. */
  readonly decodedAt: readonly number[]
  /** When a received picture was first painted. */
  readonly shownAt: readonly number[]
}

export interface BrowserOptions {
  /** Trusted with devices as if they had TLS. */
  readonly origins: readonly string[]
  /** A Y4M file that the camera shows; Chromium's own picture, a disc on one colour, by default. */
  readonly camera?: string
}

/** Chromium in a host. */
export async function openBrowser(host: Host, { origins, camera }: BrowserOptions): Promise<Browser> {
  return chromium.launch({
    executablePath: await host.wrap(CHROMIUM),
    // Whoever opened it closes it, in its turn.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [
      ...CHROMIUM_FLAGS,
      '--use-fake-device-for-media-stream=fps=20',
      ...(camera === undefined ? [] : [`--use-file-for-fake-video-capture=${camera}`]),
      `--unsafely-treat-insecure-origin-as-secure=${origins.join(',')}`,
    ],
  })
}

export async function openContext(browser: Browser, options: ProbeOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' })
  context.setDefaultTimeout(ACTION_TIMEOUT_MS)
  const probe = await readFile(join(import.meta.dirname, 'calls-probe.js'), 'utf8')
  await context.addInitScript(`globalThis.parleyProbeOptions = ${JSON.stringify(options)};\n${probe}`)
  return context
}

export const seen = (page: Page): Promise<Seen> => page.evaluate('parleyProbe')
export const count = (page: Page): Promise<Counts> => page.evaluate('parleyProbe.count()')
/** Kind and address of both ends of what carries its media. */
export const pairs = (page: Page): Promise<[string, string][]> => page.evaluate('parleyProbe.pairs()')

/** Looks at the counters every so often from now on. */
export const watch = (page: Page, everyMs: number): Promise<void> =>
  page.evaluate(`parleyProbe.watch(${everyMs})`)
export const timeline = (page: Page): Promise<Counts[]> => page.evaluate('parleyProbe.timeline')

/** Resolves with the first answer that `accept` takes; rejects after `timeoutMs`, saying what was waited for. */
export async function poll<T>(
  what: string,
  timeoutMs: number,
  ask: () => Promise<T>,
  accept: (value: T) => boolean,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const value = await ask()
    if (accept(value)) return value
    if (performance.now() > deadline)
      throw new Error(
        `${what} did not come within ${timeoutMs / 1000} s: ${JSON.stringify(value)?.slice(-SAID_MAX)}`,
      )
    await delay(POLL_MS)
  }
}
