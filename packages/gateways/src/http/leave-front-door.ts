/**
 * How a replica leaves without a lost request. The front door (deploy/nginx/parley.conf.template) says with each
 * request whose turn it is: `first` – it would ask another replica next, `last` – it has no other to ask.
 */
import type { IncomingHttpHeaders } from 'node:http'

export const TURN_HEADER = 'x-parley-turn'

/** The front door leaves out for a second who sent a request back: nothing for this long, and it has. */
const QUIET_MS = 250
/** Where no other replica is left they keep coming; the port is closed all the same. */
const LEAVE_MAX_MS = 2_000

export interface Leave {
  /** To be asked once for every request: true when it shall go, unexecuted, to another replica. */
  sendsBack(headers: IncomingHttpHeaders): boolean
  /** Resolves when the front door has gone elsewhere, at once where there is none: the port may be closed. */
  alone(): Promise<void>
}

export function createLeave(leaving: () => boolean): Leave {
  let seen = false
  let onRequest = (): void => {}

  return {
    sendsBack(headers) {
      const turn = headers[TURN_HEADER]
      if (turn === undefined) return false
      seen = true
      onRequest()
      return turn === 'first' && leaving()
    },
    async alone() {
      if (!seen) return
      const { promise, resolve } = Promise.withResolvers<void>()
      const latest = setTimeout(resolve, LEAVE_MAX_MS)
      const quiet = setTimeout(resolve, QUIET_MS)
      onRequest = () => quiet.refresh()
      await promise
      clearTimeout(latest)
      clearTimeout(quiet)
      // Right after the loop took in whoever had knocked: the kernel resets those who wait at a port that closes.
      await new Promise<void>((done) => setImmediate(done))
    },
  }
}
