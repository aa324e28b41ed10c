/** What every implementation of `FileStore` must do. */
import { describe, expect, it } from 'vitest'
import type { FileStore } from '../ports/file-store.ts'

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

async function read(content: AsyncIterable<Uint8Array> | undefined): Promise<string | undefined> {
  if (content === undefined) return undefined
  const parts: Uint8Array[] = []
  for await (const chunk of content) parts.push(chunk)
  return Buffer.concat(parts).toString()
}

/** `create`: an empty store. `isEmpty`: nothing at all lies in it, drafts included. */
export function describeFileStore(
  name: string,
  create: () => Promise<{ store: FileStore; isEmpty(): Promise<boolean> }>,
): void {
  describe(`the file store: ${name}`, () => {
    it('gives back what was put, whole and by ranges', async () => {
      const { store } = await create()
      expect(await store.put('a1', chunks('hello ', '', 'world'))).toBe(11)
      expect(await read(await store.get('a1'))).toBe('hello world')
      expect(await read(await store.get('a1', { start: 0, end: 0 }))).toBe('h')
      expect(await read(await store.get('a1', { start: 4, end: 7 }))).toBe('o wo')
      expect(await read(await store.get('a1', { start: 6, end: 10 }))).toBe('world')
    })

    it('keeps keys apart, also those with an ending', async () => {
      const { store } = await create()
      await store.put('same', chunks('one'))
      await store.put('same.thumbnail', chunks('two'))
      await store.delete('same')
      expect(await read(await store.get('same'))).toBeUndefined()
      expect(await read(await store.get('same.thumbnail'))).toBe('two')
    })

    it('knows what is there and what is not', async () => {
      const { store } = await create()
      expect(await store.exists('gone')).toBe(false)
      expect(await store.get('gone')).toBeUndefined()
      await store.delete('gone')
      await store.put('here', chunks('x'))
      expect(await store.exists('here')).toBe(true)
    })

    it('leaves nothing behind when its source breaks in the middle', async () => {
      const { store, isEmpty } = await create()
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield Buffer.alloc(100_000)
        throw new Error('the line was cut')
      }
      await expect(store.put('cut', broken())).rejects.toThrow('the line was cut')
      expect(await store.exists('cut')).toBe(false)
      expect(await isEmpty()).toBe(true)
      await store.put('cut', chunks('again'))
      expect(await read(await store.get('cut'))).toBe('again')
    })

    it('shows nothing of a file before all of it is there', async () => {
      const { store } = await create()
      const seen: boolean[] = []
      async function* watched(): AsyncGenerator<Uint8Array> {
        for (const text of ['first', 'second']) {
          yield Buffer.from(text)
          seen.push(await store.exists('slow'))
        }
      }
      await store.put('slow', watched())
      expect(seen).toEqual([false, false])
      expect(await store.exists('slow')).toBe(true)
    })

    it('takes an empty file, and one of many megabytes bit for bit', async () => {
      const { store } = await create()
      expect(await store.put('empty', chunks())).toBe(0)
      expect(await read(await store.get('empty'))).toBe('')
      const block = Buffer.from(Array.from({ length: 65_536 }, (_, n) => (n * 31) & 255))
      async function* many(): AsyncGenerator<Uint8Array> {
        for (let n = 0; n < 128; n++) yield block
      }
      expect(await store.put('large', many())).toBe(128 * block.length)
      let at = 0
      for await (const chunk of (await store.get('large')) ?? []) {
        for (const byte of [chunk[0], chunk[chunk.length - 1]]) expect(byte).toBeDefined()
        expect(Buffer.from(chunk).equals(expected(block, at, chunk.length))).toBe(true)
        at += chunk.length
      }
      expect(at).toBe(128 * block.length)
    })

    it.each(['', '..', '../a', 'a/b', 'a\0b', '.hidden', 'a.', 'x'.repeat(65)])(
      'refuses %j, which is no key',
      async (key) => {
        const { store } = await create()
        await expect(store.put(key, chunks('x'))).rejects.toThrow('not a key')
        await expect(store.get(key)).rejects.toThrow('not a key')
      },
    )
  })
}

/** Of a file that repeats the block. */
function expected(block: Buffer, at: number, length: number): Buffer {
  const from = at % block.length
  return Buffer.concat(
    Array.from({ length: Math.ceil((from + length) / block.length) }, () => block),
  ).subarray(from, from + length)
}
