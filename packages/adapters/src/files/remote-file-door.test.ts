/** Bytes between two processes: what one side says, the other one hears, also in the middle of a transfer. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FileDoor, OpenedFile } from '@parley/contracts'
import { silentLog } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import { expect, it, onTestFinished } from 'vitest'
import { createRemoteFileDoor } from './create-remote-file-door.ts'
import { createFileDoorServer } from './serve-file-door.ts'

const KEY = 'the key of this test and of nobody else'
const FILE = { id: 'f1', name: 'ảnh.png', type: 'image/png', bytes: 0 }
const OPENED: OpenedFile = {
  status: 206,
  name: FILE.name,
  type: FILE.type,
  disposition: 'inline',
  totalBytes: 10,
  start: 2,
  end: 4,
  tag: '"f1"',
  content: undefined,
}

async function listen(door: Partial<FileDoor> | undefined, keys = [KEY]): Promise<string> {
  const server = createFileDoorServer({ serviceKeys: keys, log: silentLog })
  if (door !== undefined) {
    const refuse = () => Promise.reject(new Error('not asked for'))
    server.provide({ upload: refuse, open: refuse, ...door })
  }
  const http = createServer((request, response) => {
    if (!server.handle(request, response)) response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  })
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`
}

function remote(...origins: string[]) {
  const door = createRemoteFileDoor({ origins, serviceKey: KEY })
  onTestFinished(() => door.close())
  return door
}

async function* blocks(count: number, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < count; n++) yield Buffer.alloc(size, n)
}

const counting: Pick<FileDoor, 'upload'> = {
  async upload(input, content, context) {
    let bytes = 0
    for await (const chunk of content) bytes += chunk.length
    return { ...FILE, name: `${input.user} ${input.name} ${context?.requestId}`, bytes }
  },
}

it('an upload arrives with what is said about it', async () => {
  const door = remote(await listen(counting))
  const file = await door.upload({ user: 'ann', name: 'ảnh "1".png' }, blocks(100), { requestId: 'r-1' })
  expect(file).toEqual({ ...FILE, name: 'ann ảnh "1".png r-1', bytes: 100 * 65_536 })
})

it('a look at the head alone brings no content, and says what there is', async () => {
  const asked: unknown[] = []
  const door = remote(
    await listen({
      async open(request) {
        asked.push(request)
        return { ...OPENED, status: 200 }
      },
    }),
  )
  const opened = await door.open({ user: 'ann', id: 'f1', variant: 'original', headOnly: true })
  expect(opened).toEqual({ ...OPENED, status: 200 })
  expect(asked).toMatchObject([{ headOnly: true }])
})

it('a refusal reaches a sender who is still sending', async () => {
  const door = remote(
    await listen({
      async upload(_input, content) {
        for await (const _ of content) throw new ParleyError('file_too_large', { details: { max_bytes: 1 } })
        return FILE
      },
    }),
  )
  const error: unknown = await door.upload({ user: 'ann', name: 'a' }, blocks(500)).catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'file_too_large', details: { max_bytes: 1 } })
})

it.each([0, 1, 3])('a refusal after all %i blocks were read reaches the sender', async (count) => {
  const door = remote(
    await listen({
      async upload(_input, content) {
        for await (const _ of content);
        // As when the store is asked, too: the request has ended meanwhile.
        await new Promise((resolve) => setTimeout(resolve, 20))
        throw new ParleyError('file_refused')
      },
    }),
  )
  await expect(door.upload({ user: 'ann', name: 'empty' }, blocks(count))).rejects.toMatchObject({
    code: 'file_refused',
  })
})

it('a source that breaks is told as what it is, and the other side sees a cut line, never an end', async () => {
  const seen = Promise.withResolvers<string>()
  const door = remote(
    await listen({
      async upload(_input, content) {
        try {
          for await (const _ of content);
          seen.resolve('ended')
        } catch {
          seen.resolve('cut')
        }
        return FILE
      },
    }),
  )
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield* blocks(3)
    throw new ParleyError('invalid_request', { message: 'The form is broken.' })
  }
  await expect(door.upload({ user: 'ann', name: 'a' }, broken())).rejects.toThrow('The form is broken.')
  expect(await seen.promise).toBe('cut')
})

it('an opened file comes with its facts and its bytes; a reader who leaves early ends the source', async () => {
  const ended = Promise.withResolvers<void>()
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield Buffer.alloc(65_536)
    } finally {
      ended.resolve()
    }
  }
  const door = remote(await listen({ open: async () => ({ ...OPENED, content: endless() }) }))
  const { content, ...answer } = await door.open({ user: 'ann', id: 'f1', variant: 'original' })
  const { content: _none, ...facts } = OPENED
  expect(answer).toEqual(facts)
  for await (const chunk of content ?? []) {
    expect(chunk.length).toBeGreaterThan(0)
    break
  }
  await ended.promise
})

it('what is not there is told by its code, and what has no content comes without', async () => {
  const door = remote(
    await listen({
      async open({ id }) {
        if (id === 'gone') throw new ParleyError('not_found')
        return { ...OPENED, status: 304 }
      },
    }),
  )
  await expect(door.open({ user: 'a', id: 'gone', variant: 'original' })).rejects.toMatchObject({
    code: 'not_found',
  })
  expect((await door.open({ user: 'a', id: 'f', variant: 'thumbnail' })).content).toBeUndefined()
})

it('a process that is not there is passed over; where none is, it is unavailable', async () => {
  const dead = await listen(counting)
  const gone = dead.replace(/\d+$/, '1')
  const door = remote(gone, await listen(counting))
  for (let n = 0; n < 4; n++)
    expect((await door.upload({ user: 'a', name: 'b' }, blocks(2))).bytes).toBe(2 * 65_536)
  await expect(remote(gone).upload({ user: 'a', name: 'b' }, blocks(2))).rejects.toMatchObject({
    code: 'unavailable',
  })
})

it('without the key nobody gets a byte, and a process that starts says that it is not there yet', async () => {
  const locked = await listen(counting, ['another key of at least as many characters'])
  await expect(remote(locked).upload({ user: 'a', name: 'b' }, blocks(1))).rejects.toMatchObject({
    code: 'unavailable',
  })
  expect((await fetch(`${locked}/files/open`, { method: 'POST' })).status).toBe(401)
  const starting = await listen(undefined)
  await expect(remote(starting).open({ user: 'a', id: 'b', variant: 'original' })).rejects.toMatchObject({
    code: 'unavailable',
  })
})
