/** People with plain HTTP clients who never pause and never repeat: every answer but a 2xx is an error that a person sees. */
import { ask, openRoom, type Person, signIn, signUp, type Target } from '../abuse/lib/people.ts'

/** Between two requests of one person. */
const PAUSE_MS = 50
const ERRORS_KEPT_MAX = 20

export interface HttpLoad {
  /** Requests answered with 2xx so far, by what was asked. */
  readonly answered: Readonly<Record<string, number>>
  /** What else happened, in words; the first of them. */
  readonly errors: readonly string[]
  readonly slowest: { readonly what: string; readonly ms: number }
  /** What is done to the deployment from now on, for the words of errors. */
  note(stage: string): void
  /** Resolves when the last answer is in. */
  stop(): Promise<void>
}

export async function startHttpLoad(target: Target, people = 2): Promise<HttpLoad> {
  const answered: Record<string, number> = {}
  const errors: string[] = []
  const slowest = { what: '', ms: 0 }
  let stage = 'at the start'
  let stopped = false

  async function measure(what: string, work: () => Promise<number>): Promise<void> {
    const begunAt = performance.now()
    const outcome = await work().catch((error: unknown) => describe(error))
    const ms = Math.round(performance.now() - begunAt)
    if (ms > slowest.ms) Object.assign(slowest, { what, ms })
    if (typeof outcome === 'number' && outcome >= 200 && outcome < 300)
      answered[what] = (answered[what] ?? 0) + 1
    else if (errors.length < ERRORS_KEPT_MAX) errors.push(`${what}: ${outcome} after ${ms} ms, ${stage}`)
  }

  async function live(person: Person, room: string): Promise<void> {
    for (let n = 0; !stopped; n++) {
      const body = { client_id: `${person.username}-${n}`, body: `plain ${n}` }
      const way = (method: string, path: string, sent?: unknown) => async () =>
        (await person.ask(method, path, sent === undefined ? {} : { body: sent })).status
      await measure('read oneself', way('GET', '/users/me'))
      await measure('send', way('POST', `/rooms/${room}/messages`, body))
      await measure('read the log', way('GET', `/rooms/${room}/log?after=0&limit=5`))
      if (n % 5 === 0) await measure('sign in', async () => (await signIn(target, person)) && 200)
      if (n % 5 === 1) await measure('list devices', way('GET', '/auth/devices'))
      if (n % 5 === 2)
        await measure(
          'who is online',
          async () => (await ask(target, 'GET', '/users?online=true', { token: person.token })).status,
        )
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }

  const lives: Promise<void>[] = []
  for (let n = 0; n < people; n++) {
    const person = await signUp(target, 'plain')
    lives.push(live(person, await openRoom(person)))
  }
  return {
    answered,
    errors,
    slowest,
    note(next) {
      stage = next
    },
    async stop() {
      stopped = true
      await Promise.all(lives)
    },
  }
}

function describe(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return cause === undefined ? String(error) : `${error} (${cause})`
}
