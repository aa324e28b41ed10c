/** What the SDK's tests share: a stand-in server, people on it, and waiting for a state instead of for a time. */
import type { Parley, Store, TimelineItem, TimelineMessage } from '../api.ts'
import { type CreateParleyOptions, createParley } from '../create-parley.ts'
import { FakeServer, type FakeServerOptions } from './fake-server.ts'

export class Harness {
  readonly server: FakeServer
  readonly #clients: Parley[] = []

  constructor(server: FakeServer) {
    this.server = server
  }

  static async start(options?: FakeServerOptions): Promise<Harness> {
    return new Harness(await FakeServer.start(options))
  }

  client(options: CreateParleyOptions = {}): Parley {
    const client = createParley({ baseUrl: this.server.url, random: () => 0, ...options })
    this.#clients.push(client)
    return client
  }

  /** A client that is signed in and online. The user is made when it does not exist. */
  async signIn(username: string, options: CreateParleyOptions = {}): Promise<Parley> {
    const client = this.client(options)
    if (!this.server.users.has(`u_${username}`)) this.server.addUser(username)
    await client.login({ login: username, password: 'password-of-tests' })
    await online(client)
    return client
  }

  async end(): Promise<void> {
    for (const client of this.#clients) await client.stop()
    await this.server.stop()
  }
}

/** Resolves with the first value that satisfies `check`, the present one included. */
export function until<Value>(store: Store<Value>, check: (value: Value) => boolean): Promise<Value> {
  return new Promise((resolve) => {
    const look = () => {
      const value = store.get()
      if (!check(value)) return
      end()
      resolve(value)
    }
    const end = store.subscribe(look)
    look()
  })
}

export async function online(client: Parley): Promise<void> {
  await until(client.connection, (state) => state.status === 'online')
  await until(client.roomsReady, (ready) => ready)
}

export function messagesOf(items: readonly TimelineItem[]): TimelineMessage[] {
  return items.flatMap((item) => (item.type === 'message' ? [item] : []))
}

export const bodiesOf = (items: readonly TimelineItem[]): string[] =>
  messagesOf(items).map(({ body }) => body)
