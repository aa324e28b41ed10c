import type { ChannelLike } from '../environment.ts'

interface Note {
  readonly user: string | null
}

/** Tells the other tabs of the browser who has signed in or out, because cookies belong to all of them. */
export class SessionTabs {
  readonly #openChannel: ((name: string) => ChannelLike) | null
  readonly #heard: (user: string | null) => void
  #channel: ChannelLike | null = null

  constructor(openChannel: ((name: string) => ChannelLike) | null, heard: (user: string | null) => void) {
    this.#openChannel = openChannel
    this.#heard = heard
  }

  open(): void {
    if (this.#channel !== null || this.#openChannel === null) return
    this.#channel = this.#openChannel('parley-session')
    this.#channel.addEventListener('message', ({ data }) => this.#heard((data as Note).user))
  }

  tell(user: string | null): void {
    this.#channel?.postMessage({ user } satisfies Note)
  }

  close(): void {
    this.#channel?.close()
    this.#channel = null
  }
}
