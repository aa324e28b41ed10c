import { randomBytes } from 'node:crypto'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { openContext, type ProbeOptions } from './calls-browser.ts'
import type { Duo } from './calls-duo.ts'

/** People in Parley's own web client, who call each other as people do: by its buttons. */

/** Somebody new, signed in, in a context of its own. */
export interface Person {
  readonly name: string
  readonly username: string
  readonly page: Page
  /** A REST call as this person. */
  api<Answer>(method: string, path: string, body: object): Promise<Answer>
}

export async function closePeople(people: readonly Person[]): Promise<void> {
  for (const { page } of people) await page.context().close()
}

let count = 0

export async function openPerson(origin: string, browser: Browser, probe: ProbeOptions): Promise<Person> {
  const context = await openContext(browser, probe)
  const api = apiOf(context, origin)
  const name = `Person ${++count}`
  const username = `bench-${randomBytes(4).toString('hex')}`
  const password = randomBytes(16).toString('hex')
  await api('POST', '/auth/register', { username, password, display_name: name })
  return { name, username, page: await context.newPage(), api }
}

function apiOf(context: BrowserContext, origin: string): Person['api'] {
  return async (method, path, body) => {
    const answer = await context.request.fetch(`${origin}/api/v1${path}`, {
      method,
      headers: { origin },
      data: body,
    })
    if (!answer.ok())
      throw new Error(`${method} ${path} was answered ${answer.status()}: ${await answer.text()}`)
    return (await answer.json()) as never
  }
}

/** A room of these people: of two a direct one, of more a group. */
export async function openRoom([owner, ...others]: readonly Person[]): Promise<string> {
  if (owner === undefined) throw new Error('a room has an owner')
  const usernames = others.map(({ username }) => username)
  const kind = others.length === 1 ? { kind: 'direct' } : { kind: 'group', name: 'Bench' }
  const { room } = await owner.api<{ room: { id: string } }>('POST', '/rooms', { ...kind, usernames })
  return room.id
}

/** Opens the room anew: every call is the first one of its page. */
export async function enterRoom({ page }: Person, url: string): Promise<void> {
  await page.goto(url)
  await page.getByRole('button', { name: 'Video call' }).waitFor()
}

/** Begins a video call in the room that is open. */
export async function startCall({ page }: Person): Promise<void> {
  await page.getByRole('button', { name: 'Video call' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Call', exact: true }).click()
  await leaveButton(page).waitFor()
}

export const answerButton = ({ page }: Person) =>
  page.getByRole('alertdialog').getByRole('button', { name: 'Answer', exact: true })

const leaveButton = (page: Page) => page.getByRole('button', { name: 'Leave the call' }).first()

export async function leaveCall({ page }: Person): Promise<void> {
  await leaveButton(page).click()
  await leaveButton(page).waitFor({ state: 'detached' })
}

export interface ParleyDuoOptions {
  readonly id: string
  readonly label: string
  readonly origin: string
  /** Of the caller and of the one who answers. */
  readonly browsers: readonly [Browser, Browser]
  readonly probe: ProbeOptions
}

export async function openParleyDuo({ id, label, origin, browsers, probe }: ParleyDuoOptions): Promise<Duo> {
  const open = async () => {
    const caller = await openPerson(origin, browsers[0], probe)
    const callee = await openPerson(origin, browsers[1], probe)
    return { caller, callee, url: `${origin}/r/${await openRoom([caller, callee])}` }
  }
  let two = await open()
  const close = () => closePeople([two.caller, two.callee])
  return {
    id,
    label,
    relayed: probe.relayOnly === true,
    get caller() {
      return two.caller.page
    },
    get callee() {
      return two.callee.page
    },
    async ring() {
      await enterRoom(two.callee, two.url)
      await enterRoom(two.caller, two.url)
      await startCall(two.caller)
      await answerButton(two.callee).waitFor()
    },
    answer: () => answerButton(two.callee).click(),
    async end() {
      await leaveCall(two.callee)
      // It ends when one of two is alone.
      await leaveButton(two.caller.page).waitFor({ state: 'detached' })
    },
    // They may be in a call still, for whose end one would have to wait.
    async renew() {
      await close()
      two = await open()
    },
    close,
  }
}
