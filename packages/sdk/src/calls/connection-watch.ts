/** How a peer connection stands, for a person; and when another way is to be looked for (ICE restart). */
import type { Clock } from '../clock.ts'
import type { PeerState } from './call-types.ts'
import type { ConnectionStage } from './media-port.ts'

/** Not connected for so long: another way is looked for, again and again. */
export const RESTART_MS = 10_000
/** A line that is silent often speaks again by itself; the browser has waited some seconds before it says so. */
export const SILENT_MS = 1_500
/** So many restarts in vain are shown as a failure. */
const RESTARTS_SHOWN = 2

export interface ConnectionWatchParts {
  readonly clock: Clock
  readonly restart: () => void
  readonly changed: () => void
}

export class ConnectionWatch {
  readonly #parts: ConnectionWatchParts
  #state: PeerState = 'connecting'
  #wasConnected = false
  #restarts = 0
  #cancel: (() => void) | null = null
  #closed = false

  constructor(parts: ConnectionWatchParts) {
    this.#parts = parts
    this.#plan(RESTART_MS)
  }

  get state(): PeerState {
    return this.#state
  }

  take(stage: ConnectionStage): void {
    if (this.#closed) return
    if (stage === 'connected') {
      this.#cancel?.()
      this.#cancel = null
      this.#restarts = 0
      this.#wasConnected = true
      this.#show('connected')
    } else if (stage === 'disconnected' || stage === 'failed') {
      if (this.#state === 'connected') this.#show('reconnecting')
      if (stage === 'failed' && this.#restarts === 0) this.#restart()
      else if (this.#cancel === null) this.#plan(SILENT_MS)
    }
  }

  /** The network may be another one now. */
  wake(): void {
    if (!this.#closed && this.#wasConnected && this.#state !== 'connected') this.#restart()
  }

  /** Nothing comes, and the browser has not said so yet: another way is looked for while it may still be wrong. */
  doubt(): void {
    if (!this.#closed && this.#state === 'connected') this.#parts.restart()
  }

  close(): void {
    this.#closed = true
    this.#cancel?.()
  }

  #plan(delayMs: number): void {
    this.#cancel?.()
    this.#cancel = this.#parts.clock.after(delayMs, () => this.#restart())
  }

  #restart(): void {
    this.#restarts++
    if (this.#restarts > RESTARTS_SHOWN) this.#show('failed')
    else this.#show(this.#wasConnected ? 'reconnecting' : 'connecting')
    this.#plan(RESTART_MS)
    this.#parts.restart()
  }

  #show(state: PeerState): void {
    if (this.#state === state) return
    this.#state = state
    this.#parts.changed()
  }
}
