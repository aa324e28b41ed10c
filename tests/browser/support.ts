/** A real browser on the real program: one server a file, a context of its own for every person. */
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { CHROMIUM, CHROMIUM_FLAGS } from '../support/chromium-flags.ts'
import { startTestServer, type TestServer } from '../support/test-server.ts'

interface ServedUrl {
  readonly url: string
  stop(): Promise<unknown>
}

export interface Stage<Server extends ServedUrl = TestServer> {
  readonly url: string
  readonly server: Server
  /** A fresh browser profile, signed in as somebody new, at the start page. */
  person(name: string, options?: PersonOptions): Promise<Visitor>
  /** A fresh browser profile that nobody signed in to. */
  visitor(options?: PersonOptions): Promise<Page>
  close(): Promise<void>
}

export interface PersonOptions {
  readonly width?: number
  readonly height?: number
  readonly dark?: boolean
  readonly language?: 'en' | 'vi'
}

export interface Visitor {
  readonly page: Page
  readonly context: BrowserContext
  readonly username: string
  readonly id: string
  /** A REST call as this person. */
  api<Answer = unknown>(method: string, path: string, body?: object): Promise<Answer>
}

/** With a camera and a microphone that need no devices; slow, because two cores encode for everybody. */
export const FLAGS: readonly string[] = [...CHROMIUM_FLAGS, '--use-fake-device-for-media-stream=fps=5']
/** Of what takes a tenth of a second on a machine that has nothing else to do. */
const ACTION_TIMEOUT_MS = 20_000

export function openStage(): Promise<Stage> {
  return openStageOn(() => startTestServer({ env: { PARLEY_WEB: 'on' } }))
}

/** The same on whatever serves the web client. */
export async function openStageOn<Server extends ServedUrl>(
  start: () => Promise<Server>,
  flags: readonly string[] = FLAGS,
): Promise<Stage<Server>> {
  const [server, browser] = await Promise.all([
    start(),
    chromium.launch({ executablePath: CHROMIUM, args: [...flags] }),
  ])
  let count = 0
  const { url } = server

  async function open(options: PersonOptions = {}): Promise<{ page: Page; context: BrowserContext }> {
    const context = await newContext(browser, url, options)
    const page = await context.newPage()
    page.setDefaultTimeout(ACTION_TIMEOUT_MS)
    return { page, context }
  }
  return {
    url,
    server,
    async visitor(options) {
      const { page } = await open(options)
      await page.goto('/')
      return page
    },
    async person(name, options) {
      const { page, context } = await open(options)
      const username = `${name}-${Date.now().toString(36)}${count++}`
      const api = apiOf(context, url)
      const { user } = await api<{ user: { id: string } }>('POST', '/auth/register', {
        username,
        password: `correct horse ${name}`,
        display_name: name,
      })
      await page.goto('/')
      await page.getByRole('navigation').waitFor()
      return { page, context, username, id: user.id, api }
    },
    async close() {
      await browser.close()
      await server.stop()
    },
  }
}

/** Narrower than this it is a phone: glass instead of a mouse. */
const PHONE_WIDTH = 600

function newContext(browser: Browser, url: string, options: PersonOptions): Promise<BrowserContext> {
  const phone = (options.width ?? PHONE_WIDTH) < PHONE_WIDTH
  return browser.newContext({
    baseURL: url,
    viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
    isMobile: phone,
    hasTouch: phone,
    colorScheme: options.dark === true ? 'dark' : 'light',
    locale: options.language === 'vi' ? 'vi-VN' : 'en-GB',
    reducedMotion: 'reduce',
  })
}

function apiOf(context: BrowserContext, url: string): Visitor['api'] {
  return async (method, path, body) => {
    const answer = await context.request.fetch(`${url}/api/v1${path}`, {
      method,
      headers: { origin: url },
      ...(body === undefined ? {} : { data: body }),
    })
    if (!answer.ok()) throw new Error(`${method} ${path} answered ${answer.status()}: ${await answer.text()}`)
    return (answer.status() === 204 ? undefined : await answer.json()) as never
  }
}

/** No violation of WCAG 2.2 A and AA that axe can see; `colours`: of contrast alone, for the same page in another theme. */
export async function expectAccessible(
  page: Page,
  what: string,
  rules: 'all' | 'colours' = 'all',
): Promise<void> {
  const axe = new AxeBuilder({ page })
    // There are no frames to gather results from, and no extra page for that is needed.
    .setLegacyMode()
    // The guards at the ends of a menu hand the focus on at once; nobody ever stands on one.
    .exclude('[data-base-ui-focus-guard]')
  if (rules === 'colours') axe.withRules(['color-contrast'])
  else axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
  const { violations } = await axe.analyze()
  const found = violations.flatMap(({ id, nodes }) =>
    nodes
      // Menus and tooltips belong to what opened them and lie outside of every landmark.
      .filter(({ html }) => id !== 'region' || !/role="menu"|data-base-ui-portal/.test(html))
      .map(({ html }) => `${id}: ${html.slice(0, 200)}`),
  )
  expect(found, what).toEqual([])
}

/** Nothing sticks out to the right: a phone never scrolls sideways. */
export async function expectNoSidewaysScroll(page: Page, what: string): Promise<void> {
  const overflow = await page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
  expect(overflow, what).toBeLessThanOrEqual(0)
}

let messages = 0
/** Sends a message over REST, as quickly as a test wants history. */
export async function say(visitor: Visitor, room: string, body: string): Promise<number> {
  const { entry } = await visitor.api<{ entry: { seq: number } }>('POST', `/rooms/${room}/messages`, {
    client_id: `browser-test-${Date.now().toString(36)}-${messages++}`,
    body,
  })
  return entry.seq
}
