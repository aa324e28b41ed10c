/** What a scenario needs of a deployment, whichever way it is built. A body never knows which one it runs on. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DATABASE } from '@parley/adapters/embedded/postgres/initialise-cluster'
import { type CreateParleyOptions, createParley, type Parley, type Store } from '@parley/sdk'
import { vi } from 'vitest'
import { ageData } from '../support/age-data.ts'
import { type KeptFiles, keptFiles } from '../support/kept-files.ts'
import { type MailServer, startMailServer } from '../support/mail-server.ts'
import { type PushEndpoint, startPushEndpoint } from '../support/push-endpoint.ts'
import { type RoomJobs, roomJobs } from '../support/room-jobs.ts'
import { startTestServer } from '../support/test-server.ts'

export interface Deployment {
  /** Front doors; a client takes one, and two clients of a scenario take different ones where there are several. */
  readonly urls: readonly string[]
  stop(): Promise<void>
}

/** What only some deployments can do. A body names in its parameter what it needs, so that it cannot be run on one that lacks it. */
export interface Killable {
  /** SIGKILL of everything that holds connections or truth, then a start on the same data. Resolves when ready. */
  killAndRestart(): Promise<void>
}

export interface QueueKillable {
  /** SIGKILL of the queue of background work. Resolves when it is there again. */
  killQueue(): Promise<void>
}

export interface Administrable {
  /** The first administrator's one-time code, as the person who started the program reads it. */
  setupCode(): Promise<string>
}

export interface Ageable {
  /** Everything stored becomes this much older. */
  age(ms: number): Promise<void>
}

export interface FileKeeping {
  /** What is there of a person's files, looked up behind the service's back. */
  keptFiles(owner: string): Promise<KeptFiles>
}

export interface PushReceiving {
  /** A push service that this deployment may reach. */
  readonly pushes: PushEndpoint
}

export interface MailReceiving {
  /** What takes this deployment's e-mail. */
  readonly mails: MailServer
}

export interface Topology<Abilities = unknown> {
  readonly name: string
  start(): Promise<Deployment & Abilities>
}

export const mailSettings = ({ port }: MailServer) => ({
  PARLEY_SMTP_URL: `smtp://127.0.0.1:${port}`,
  PARLEY_MAIL_FROM: 'Parley <chat@example.org>',
})

export const embedded: Topology<
  Killable & Administrable & Ageable & FileKeeping & PushReceiving & MailReceiving & RoomJobs
> = {
  name: 'embedded',
  async start() {
    const pushes = await startPushEndpoint()
    const mails = await startMailServer()
    const server = await startTestServer({
      env: { PARLEY_PUSH_PRIVATE_ORIGINS: pushes.origin, ...mailSettings(mails) },
    })
    return {
      pushes,
      mails,
      urls: [server.url],
      async killAndRestart() {
        await server.kill()
        await server.restart()
      },
      setupCode: () =>
        vi.waitUntil(() => /Setup code.*: (\S+)/.exec(server.output())?.[1], { timeout: 10_000 }),
      age: (ms) =>
        ageData({ host: join(server.dataDirectory, 'postgres'), user: DATABASE, database: DATABASE }, ms),
      ...roomJobs(() => ({
        host: join(server.dataDirectory, 'postgres'),
        user: DATABASE,
        database: DATABASE,
      })),
      keptFiles: (owner) =>
        keptFiles(
          join(server.dataDirectory, 'files'),
          { host: join(server.dataDirectory, 'postgres'), user: DATABASE, database: DATABASE },
          owner,
        ),
      async stop() {
        await server.stop()
        await pushes.close()
        await mails.stop()
      },
    }
  },
}

/** One deployment for several scenarios: between `open` and `close`, whoever starts the topology gets the same one. */
export function shareDeployment<Abilities>(topology: Topology<Abilities>) {
  let deployment: (Deployment & Abilities) | undefined
  return {
    async open(): Promise<void> {
      deployment = await topology.start()
    },
    async close(): Promise<void> {
      await deployment?.stop()
    },
    topology: {
      name: topology.name,
      async start() {
        if (deployment === undefined) throw new Error('the shared deployment has not been opened')
        return { ...deployment, stop: async () => {} }
      },
    } satisfies Topology<Abilities>,
  }
}

/** Resolves with the value once it satisfies the condition; rejects with what it last was. */
export function until<Value>(
  store: Store<Value>,
  condition: (value: Value) => boolean,
  timeoutMs = 15_000,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const finish = (work: () => void) => {
      clearTimeout(timer)
      unsubscribe()
      work()
    }
    const look = () => {
      const value = store.get()
      if (condition(value)) finish(() => resolve(value))
    }
    const timer = setTimeout(
      () =>
        finish(() =>
          reject(
            new Error(`not within ${timeoutMs} ms; last: ${JSON.stringify(store.get())?.slice(0, 2_000)}`),
          ),
        ),
      timeoutMs,
    )
    const unsubscribe = store.subscribe(look)
    queueMicrotask(look)
  })
}

export interface People {
  /** A signed-in, connected person with a name nobody else has; one after the other at the next url, unless `baseUrl` names one. */
  join(name: string, options?: CreateParleyOptions): Promise<Person>
  /** Another device of the same person, at the same url unless `baseUrl` names one. */
  device(person: Person, options?: CreateParleyOptions): Promise<Parley>
  stop(): Promise<void>
}

export interface Person {
  readonly parley: Parley
  readonly id: string
  readonly username: string
  readonly password: string
  readonly url: string
}

export function createPeople(deployment: Pick<Deployment, 'urls'>): People {
  const all: Parley[] = []
  let count = 0
  const client = (url: string, options: CreateParleyOptions) => {
    const parley = createParley({ baseUrl: url, tokens: 'bearer', ...options })
    all.push(parley)
    return parley
  }
  const urlOf = (index: number) => deployment.urls[index % deployment.urls.length] ?? ''

  return {
    async join(name, options = {}) {
      const url = options.baseUrl ?? urlOf(count++)
      const parley = client(url, options)
      const username = `${name}-${randomBytes(4).toString('hex')}`
      const password = `correct horse ${name}`
      const user = await parley.register({ username, password })
      await until(parley.connection, (connection) => connection.status === 'online')
      return { parley, id: user.id, username, password, url }
    },
    async device(person, options = {}) {
      const parley = client(person.url, options)
      await parley.login({ login: person.username, password: person.password })
      await until(parley.connection, (connection) => connection.status === 'online')
      return parley
    },
    async stop() {
      await Promise.all(all.map((parley) => parley.stop()))
    },
  }
}

/** Bodies of the stored messages a timeline shows, in its order. */
export function storedBodies(parley: Parley, room: string): string[] {
  return parley
    .timeline(room)
    .get()
    .items.flatMap((item) => (item.type === 'message' && item.seq !== null ? [item.body] : []))
}
