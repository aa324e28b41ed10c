import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { bodiesOf, Harness, messagesOf, until } from './testing/harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await Harness.start()
})
afterEach(() => harness.end())

test('two people talk: what one sends the other sees, and the sender sees sent, delivered and read', async () => {
  const { server } = harness
  const ann = await harness.signIn('ann')
  const bob = await harness.signIn('bob')
  const room = await ann.createRoom({ kind: 'direct', usernames: ['bob'] })
  const annView = ann.timeline(room.id)
  const bobView = bob.timeline(room.id)
  await until(annView, (state) => state.status === 'ready')
  await until(bobView, (state) => state.status === 'ready')

  const key = ann.send(room.id, { body: '  Xin chào  ' })
  expect(messagesOf(annView.get().items)).toMatchObject([
    { key, seq: null, state: 'sending', body: 'Xin chào' },
  ])
  await until(bobView, (state) => bodiesOf(state.items).includes('Xin chào'))
  const delivered = await until(annView, (state) => messagesOf(state.items)[0]?.state === 'delivered')
  expect(messagesOf(delivered.items)).toMatchObject([{ key, seq: 3 }])

  expect(bob.room(room.id).get()?.me?.unread).toBe(1)
  bob.markRead(room.id, 3)
  expect(bob.room(room.id).get()?.me?.unread).toBe(0)
  await until(annView, (state) => messagesOf(state.items)[0]?.state === 'read')
  expect(server.framesOf('send')).toHaveLength(1)
})

test('that a call rings has arrived is told, so that other devices stay still; what follows of it is not', async () => {
  const { server } = harness
  const ann = await harness.signIn('ann')
  const bob = await harness.signIn('bob')
  const { id } = await ann.createRoom({ kind: 'direct', usernames: ['bob'] })
  await until(bob.room(id), (room) => room !== undefined)
  const room = server.rooms.get(id)
  if (room === undefined) throw new Error('the room is not there')
  const line = (line: 'started' | 'missed') =>
    server.append(room, {
      kind: 'call',
      from: 'u_ann',
      call: { call: 'c1', line, media: 'sound', rung: ['u_bob'] },
    })
  const { seq } = line('started')
  line('missed')
  await vi.waitUntil(() => server.framesOf('mark').length > 0)
  expect(server.framesOf('mark')).toMatchObject([{ room: id, delivered: seq }])
})

test('a program ends by itself after stop, and nothing runs before start', async () => {
  harness.server.addUser('ann')
  const source = new URL('./create-parley.ts', import.meta.url).href
  const program = `
    import { createParley } from ${JSON.stringify(source)}
    createParley({ baseUrl: process.argv[1] })
    const ann = createParley({ baseUrl: process.argv[1] })
    await ann.login({ login: 'ann', password: 'x' })
    await new Promise((resolve) => {
      const look = () => ann.connection.get().status === 'online' && resolve()
      ann.connection.subscribe(look)
      look()
    })
    ann.watch(['u_ann'])
    await ann.stop()
    console.log('stopped')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, harness.server.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said = (await child.stdout.toArray()).join('')
  const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode]
  expect([said, code]).toEqual(['stopped\n', 0])
})
