/** Who this tab is in calls: the same after a reload, another one in every other tab. */

/** `sessionStorage`, as far as needed. */
export interface TabStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

const ENDPOINT = 'parley-call-endpoint'
const SESSION = 'parley-call-session'
const CALL = 'parley-call'
const SENDING = 'parley-call-sending'

/** Whether microphone and camera were on, for after a reload. */
export interface WasOn {
  readonly sound: boolean
  readonly video: boolean
}

export interface Endpoint {
  readonly id: string
  /** Grows, also over reloads; begins at 1. */
  newSession(): number
  wasOn: WasOn
  /** The call that this tab means to be in; null: none, whatever the server says. */
  call: string | null
}

/** What the tab was before a reload; it may be another tab's, whose page was duplicated with all it had stored. */
export const storedEndpoint = (storage: TabStorage | null): string | null => read(storage, ENDPOINT)

/**
 * `claim` says whether the id is this tab's alone from now on. `null`, or a storage that refuses: a reload is then somebody
 * new.
 */
export async function claimEndpoint(
  storage: TabStorage | null,
  newId: () => string,
  claim: (id: string) => Promise<boolean>,
): Promise<Endpoint> {
  const stored = storedEndpoint(storage)
  if (stored !== null && (await claim(stored))) return createEndpoint(storage, stored)
  const id = newId()
  await claim(id)
  write(storage, ENDPOINT, id)
  write(storage, CALL, '')
  return createEndpoint(storage, id)
}

function createEndpoint(storage: TabStorage | null, id: string): Endpoint {
  let session = Number(read(storage, SESSION) ?? 0)
  if (!Number.isSafeInteger(session) || session < 0) session = 0
  let call = read(storage, CALL) || null
  return {
    id,
    newSession() {
      session++
      write(storage, SESSION, String(session))
      return session
    },
    get call() {
      return call
    },
    set call(id: string | null) {
      call = id
      write(storage, CALL, id ?? '')
    },
    get wasOn() {
      const on = read(storage, SENDING)?.split(' ') ?? []
      return { sound: on.includes('sound'), video: on.includes('video') }
    },
    set wasOn({ sound, video }: WasOn) {
      write(storage, SENDING, [...(sound ? ['sound'] : []), ...(video ? ['video'] : [])].join(' '))
    },
  }
}

function read(storage: TabStorage | null, key: string): string | null {
  try {
    return storage?.getItem(key) || null
  } catch {
    return null
  }
}

function write(storage: TabStorage | null, key: string, value: string): void {
  try {
    storage?.setItem(key, value)
  } catch {
    // Full or forbidden.
  }
}
