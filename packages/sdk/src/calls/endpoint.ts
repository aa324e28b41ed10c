/** Who this tab is in calls: the same after a reload, another one in every other tab. */

/** `sessionStorage`, as far as needed. */
export interface TabStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

const ENDPOINT = 'parley-call-endpoint'
const SESSION = 'parley-call-session'
const CALL = 'parley-call'
const VIDEO = 'parley-call-video'

export interface Endpoint {
  readonly id: string
  /** Grows, also over reloads; begins at 1. */
  newSession(): number
  /** Whether the camera was on, for after a reload. */
  video: boolean
  /** The call that this tab means to be in; null: none, whatever the server says. */
  call: string | null
}

/** `null`, or a storage that refuses: a reload is then somebody new. */
export function createEndpoint(storage: TabStorage | null, newId: () => string): Endpoint {
  let session = Number(read(storage, SESSION) ?? 0)
  if (!Number.isSafeInteger(session) || session < 0) session = 0
  let call = read(storage, CALL) || null
  const id = read(storage, ENDPOINT) ?? newId()
  write(storage, ENDPOINT, id)
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
    get video() {
      return read(storage, VIDEO) === 'on'
    },
    set video(on: boolean) {
      write(storage, VIDEO, on ? 'on' : 'off')
    },
  }
}

function read(storage: TabStorage | null, key: string): string | null {
  try {
    return storage?.getItem(key) ?? null
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
