import { openDB } from 'idb'
import type { Storage } from '../api.ts'

const TABLE = 'values'

/** What the SDK uses of an IndexedDB database; `idb`'s own types need those of the DOM, which Node programs do not load. */
interface Database {
  get(table: string, key: string): Promise<unknown>
  put(table: string, value: unknown, key: string): Promise<unknown>
  delete(table: string, key: string): Promise<void>
  transaction(table: string): {
    store: { getAllKeys(range: unknown): Promise<unknown[]>; getAll(range: unknown): Promise<unknown[]> }
  }
  close(): void
}
type OpenDatabase = (name: string, version: number, callbacks: object) => Promise<Database>

interface KeyRanges {
  readonly IDBKeyRange: { bound(lower: string, upper: string): unknown }
}

/** Survives the browser. `name` is the database's; all tabs of an origin share it. */
export function indexedDbStorage(name: string): Storage {
  let opened: Promise<Database> | undefined
  const forget = () => {
    opened = undefined
  }
  const open = (): Promise<Database> => {
    opened ??= (openDB as unknown as OpenDatabase)(name, 1, {
      upgrade(database: { createObjectStore(table: string): unknown }) {
        database.createObjectStore(TABLE)
      },
      // The browser may end a connection (storage cleared): the next call opens another.
      terminated: forget,
      // A newer version in another tab waits for this connection to go.
      blocking(_current: number, _next: number, event: { target: { close(): void } }) {
        event.target.close()
        forget()
      },
    }).catch((error: unknown) => {
      forget()
      throw error
    })
    return opened
  }
  return {
    get: async (key) => (await open()).get(TABLE, key),
    async set(key, value) {
      await (await open()).put(TABLE, value, key)
    },
    async delete(key) {
      await (await open()).delete(TABLE, key)
    },
    async list(prefix) {
      const { IDBKeyRange } = globalThis as unknown as KeyRanges
      const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`)
      // Both in one transaction, so that keys and values belong together.
      const { store } = (await open()).transaction(TABLE)
      const [keys, values] = await Promise.all([store.getAllKeys(range), store.getAll(range)])
      return keys.map((key, index) => [String(key), values[index]] as const)
    },
  }
}
