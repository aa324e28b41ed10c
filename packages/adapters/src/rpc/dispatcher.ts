/** Which replica a call goes to, in which order, and what becomes of it when that replica is gone. */
import type { CallContext, Clock, Log } from '@parley/contracts'
import { stickyKeyOf } from '@parley/contracts'
import { type ErrorCode, ParleyError } from '@parley/protocol'
import { followReplicaAddresses, type ReplicaAddresses } from './replica-addresses.ts'
import { createReplicaLink, type ReplicaLink } from './replica-link.ts'
import { type AnswersFrame, fromWireError, type WireCall } from './wire.ts'

export const CALL_DEADLINE_MS = 10_000
/** A call that no replica could even be given waits this long: one that is restarted is back by then. */
export const UNREACHED_MS = 5_000
const SWEEP_INTERVAL_MS = 250
/** Calls waiting for a replica; beyond, callers are told to slow down. */
const WAITING_MAX = 10_000
const RETRY_AFTER_MS = 1_000

export interface DispatcherOptions {
  /** Where the replicas are, e.g. `http://10.0.0.2:7400`; a name with several addresses is all of them. */
  readonly origins: readonly string[]
  /** Name of the contract; a replica without it is not there. */
  readonly contract: string
  readonly serviceKey: string
  readonly clock: Clock
  readonly log: Log
  /** Told of every call when its caller has its answer: `ok` or the code of the error, and how long it took. */
  readonly onSettled?: (outcome: 'ok' | ErrorCode, tookMs: number) => void
}

interface Pending {
  readonly wire: WireCall
  readonly key: string | undefined
  readonly idempotent: boolean
  readonly madeAt: number
  /** Where it is under way. */
  link: ReplicaLink | undefined
  readonly settle: (outcome: Outcome) => void
}
type Outcome = { readonly output: unknown } | { readonly error: ParleyError }

/** The calls of one key that are under way, and those that wait for them because their replica is leaving. */
interface Lane {
  readonly link: ReplicaLink
  count: number
  readonly waiting: Pending[]
}

export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #addresses: ReplicaAddresses
  readonly #links = new Map<string, ReplicaLink>()
  /** Calls under way by link; only for choosing the least busy. */
  readonly #busy = new Map<ReplicaLink, number>()
  /** All calls not settled yet, oldest first. */
  readonly #pending = new Map<number, Pending>()
  /** Links whose address is gone, until they have answered. */
  readonly #retired = new Set<ReplicaLink>()
  readonly #lanes = new Map<string, Lane>()
  /** Calls that no replica could be given. */
  #waiting = new Set<Pending>()
  #nextId = 1
  #closed = false
  #cancelSweep: (() => void) | undefined

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#addresses = followReplicaAddresses({ ...options, onChange: (addresses) => this.#dial(addresses) })
  }

  get reachable(): boolean {
    return [...this.#links.values()].some((link) => link.usable)
  }

  call(
    what: { contract: string; verb: string; input: unknown },
    idempotent: boolean,
    context: CallContext | undefined,
  ): Promise<unknown> {
    if (this.#closed || context?.signal?.aborted === true) return Promise.reject(unavailable())
    const id = this.#nextId++
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const giveUp = () => this.#giveUp(pending)
    const pending: Pending = {
      wire: { id, ...what, ...carriedBy(context) },
      key: stickyKeyOf(what.input),
      idempotent,
      madeAt: this.#options.clock.now(),
      link: undefined,
      settle: (outcome) => {
        this.#pending.delete(id)
        const { clock, onSettled } = this.#options
        onSettled?.('error' in outcome ? outcome.error.code : 'ok', clock.now() - pending.madeAt)
        context?.signal?.removeEventListener('abort', giveUp)
        if ('error' in outcome) reject(outcome.error)
        else resolve(outcome.output)
      },
    }
    context?.signal?.addEventListener('abort', giveUp)
    this.#pending.set(id, pending)
    this.#cancelSweep ??= this.#options.clock.after(SWEEP_INTERVAL_MS, () => this.#sweep())
    this.#dispatch(pending)
    return promise
  }

  close(): void {
    this.#closed = true
    this.#cancelSweep?.()
    this.#addresses.close()
    for (const link of [...this.#links.values(), ...this.#retired]) link.close()
    for (const pending of [...this.#pending.values()]) pending.settle({ error: unavailable() })
    this.#waiting.clear()
    this.#lanes.clear()
  }

  #dial(wanted: readonly string[]): void {
    for (const [address, link] of this.#links) {
      if (wanted.includes(address)) continue
      this.#links.delete(address)
      // It may only be leaving: what it was asked is still answered.
      if ((this.#busy.get(link) ?? 0) === 0) link.close()
      else this.#retired.add(link)
    }
    for (const address of wanted) {
      if (this.#links.has(address)) continue
      const link: ReplicaLink = createReplicaLink({
        ...this.#options,
        address,
        onUsable: () => this.#flushWaiting(),
        onCut: () => this.#takeBack(link),
        onAnswer: (answer) => this.#finish(answer),
      })
      this.#links.set(address, link)
    }
  }

  #dispatch(pending: Pending): void {
    const { key } = pending
    const lane = key === undefined ? undefined : this.#lanes.get(key)
    if (lane !== undefined && (!lane.link.usable || this.#retired.has(lane.link))) {
      lane.waiting.push(pending)
      return
    }
    const link = lane?.link ?? this.#choose(key)
    if (link === undefined) {
      if (this.#waiting.size < WAITING_MAX) this.#waiting.add(pending)
      else pending.settle({ error: new ParleyError('overloaded', { retryAfterMs: RETRY_AFTER_MS }) })
      return
    }
    if (lane !== undefined) lane.count++
    else if (key !== undefined) this.#lanes.set(key, { link, count: 1, waiting: [] })
    this.#busy.set(link, (this.#busy.get(link) ?? 0) + 1)
    pending.link = link
    link.send(pending.wire)
  }

  /** Rendezvous: a key keeps its replica while that is there, and only its own keys move when one goes. Without a key, the least busy. */
  #choose(key: string | undefined): ReplicaLink | undefined {
    const usable = [...this.#links.values()].filter((link) => link.usable)
    if (usable.length <= 1) return usable[0]
    const score = (link: ReplicaLink): number =>
      key === undefined ? -(this.#busy.get(link) ?? 0) : hash(`${link.address} ${key}`)
    return usable.reduce((best, link) => (score(link) > score(best) ? link : best))
  }

  #flushWaiting(): void {
    const calls = this.#waiting
    this.#waiting = new Set()
    for (const pending of calls) this.#dispatch(pending)
  }

  #finish({ id, output, error }: NonNullable<AnswersFrame['answers']>[number]): void {
    const pending = this.#pending.get(id)
    if (pending === undefined) return
    this.#leaveLane(pending)
    pending.settle(error === undefined ? { output } : { error: fromWireError(error) })
  }

  /** It is not under way any more; those that waited behind it may go. */
  #leaveLane(pending: Pending): void {
    if (pending.link !== undefined) this.#countDown(pending.link)
    const lane = pending.key === undefined ? undefined : this.#lanes.get(pending.key)
    if (lane === undefined || lane.link !== pending.link || --lane.count > 0) return
    this.#lanes.delete(pending.key as string)
    for (const next of lane.waiting) this.#dispatch(next)
  }

  #countDown(link: ReplicaLink): void {
    const count = (this.#busy.get(link) ?? 1) - 1
    this.#busy.set(link, count)
    if (count > 0 || !this.#retired.delete(link)) return
    this.#busy.delete(link)
    link.close()
  }

  /** What was under way there is made again elsewhere where that may be: in its order, and before anything that is made from now on. */
  #takeBack(link: ReplicaLink): void {
    this.#busy.delete(link)
    if (this.#retired.delete(link)) link.close()
    const lost = [...this.#pending.values()].filter((pending) => pending.link === link)
    const behind: Pending[] = []
    for (const [key, lane] of this.#lanes) {
      if (lane.link !== link) continue
      this.#lanes.delete(key)
      behind.push(...lane.waiting)
    }
    for (const pending of lost) {
      pending.link = undefined
      if (pending.idempotent) this.#dispatch(pending)
      else pending.settle({ error: unavailable() })
    }
    for (const pending of behind) this.#dispatch(pending)
  }

  #giveUp(pending: Pending): void {
    pending.link?.cancel(pending.wire.id)
    this.#waiting.delete(pending)
    const lane = pending.key === undefined ? undefined : this.#lanes.get(pending.key)
    const place = lane?.waiting.indexOf(pending) ?? -1
    if (place >= 0) lane?.waiting.splice(place, 1)
    this.#leaveLane(pending)
    pending.settle({ error: unavailable() })
  }

  #sweep(): void {
    const now = this.#options.clock.now()
    for (const pending of [...this.#waiting]) {
      if (now - pending.madeAt >= UNREACHED_MS) this.#giveUp(pending)
    }
    for (const pending of [...this.#pending.values()]) {
      if (now - pending.madeAt < CALL_DEADLINE_MS) break
      this.#giveUp(pending)
    }
    this.#cancelSweep =
      this.#pending.size === 0 ? undefined : this.#options.clock.after(SWEEP_INTERVAL_MS, () => this.#sweep())
  }
}

/** What travels of the context. */
function carriedBy(context: CallContext | undefined): Pick<WireCall, 'request' | 'trace'> {
  if (context === undefined) return {}
  const { requestId, trace } = context
  return { ...(requestId === '' ? {} : { request: requestId }), ...(trace === undefined ? {} : { trace }) }
}

/** FNV-1a, and MurmurHash3's last step, without which ids that differ in their last letters only would all go one way. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

/** Nothing is known of the call's fate. */
const unavailable = () => new ParleyError('unavailable', { retryAfterMs: RETRY_AFTER_MS })
