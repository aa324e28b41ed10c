/** Streams of bytes: a look at the beginning without losing it, and a bound. */

export interface Peeked {
  /** As many bytes as were asked for, or all there are. */
  readonly head: Uint8Array
  /** Everything from the beginning on; read once. */
  readonly all: AsyncIterable<Uint8Array>
  /** For who does not read `all`. */
  close(): Promise<void>
}

export async function readHead(content: AsyncIterable<Uint8Array>, bytes: number): Promise<Peeked> {
  const source = content[Symbol.asyncIterator]()
  const chunks: Uint8Array[] = []
  let size = 0
  let ended = false
  while (size < bytes && !ended) {
    const next = await source.next()
    if (next.done === true) ended = true
    else {
      chunks.push(next.value)
      size += next.value.length
    }
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) yield chunk
      while (!ended) {
        const next = await source.next()
        if (next.done === true) ended = true
        else yield next.value
      }
    } finally {
      await source.return?.()
    }
  }
  return {
    head: Buffer.concat(chunks).subarray(0, bytes),
    all: all(),
    close: async () => {
      await source.return?.()
    },
  }
}

/** Passes on until there is one byte more than allowed, and throws then. */
export async function* bounded(
  content: AsyncIterable<Uint8Array>,
  maxBytes: number,
  exceeded: () => Error,
): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of content) {
    size += chunk.length
    if (size > maxBytes) throw exceeded()
    yield chunk
  }
}

export async function collect(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of content) chunks.push(chunk)
  return Buffer.concat(chunks)
}
