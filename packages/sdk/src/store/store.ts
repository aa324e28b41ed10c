/** What a UI subscribes to. `get` and `subscribe` are bound: React's `useSyncExternalStore` takes them as they are. */
import type { Store } from '../api.ts'

export class Listeners {
  readonly #listeners = new Set<() => void>()

  get size(): number {
    return this.#listeners.size
  }

  add(listener: () => void): () => void {
    // Wrapped, so that the same function subscribed twice is two subscriptions.
    const entry = () => listener()
    this.#listeners.add(entry)
    return () => {
      this.#listeners.delete(entry)
    }
  }

  /** One listener that throws must not keep the others from hearing; its error surfaces as an uncaught one. */
  notify(): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener()
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}

/** Holds what it is given; tells at once. */
export class ValueStore<Value> implements Store<Value> {
  #value: Value
  readonly #listeners = new Listeners()

  constructor(value: Value) {
    this.#value = value
  }

  get observed(): boolean {
    return this.#listeners.size > 0
  }

  readonly get = (): Value => this.#value

  readonly set = (value: Value): void => {
    if (Object.is(value, this.#value)) return
    this.#value = value
    this.#listeners.notify()
  }

  readonly subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener)
}

/** Computes when asked after something changed, and tells once a microtask: a burst of entries is one change. */
export class DerivedStore<Value> implements Store<Value> {
  readonly #compute: (previous: Value | undefined) => Value
  readonly #listeners = new Listeners()
  #value: Value | undefined
  #dirty = true
  #told = true

  /** `compute` may return the previous value to say that nothing changed. */
  constructor(compute: (previous: Value | undefined) => Value) {
    this.#compute = compute
  }

  get observed(): boolean {
    return this.#listeners.size > 0
  }

  readonly get = (): Value => {
    if (this.#dirty) {
      this.#value = this.#compute(this.#value)
      this.#dirty = false
    }
    return this.#value as Value
  }

  readonly invalidate = (): void => {
    this.#dirty = true
    if (!this.#told) return
    this.#told = false
    queueMicrotask(() => {
      this.#told = true
      this.#listeners.notify()
    })
  }

  readonly subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener)
}
