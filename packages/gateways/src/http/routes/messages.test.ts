import { expect, test } from 'vitest'
import { ann, entry, message, room } from '../testing/fake-services.ts'
import { codeOf, fieldsOf, startGateway } from '../testing/start-gateway.ts'

const PATH = '/api/v1/rooms/r-tea'
const client_id = 'client-0001'
const mine = { user: ann.id, room: room.id }
const THUMB = encodeURIComponent('👍')
/** The longest emoji people use: far more than 100 characters in a URL. */
const KISS = '👩🏽‍❤️‍💋‍👨🏿'

test('a message is 201 the first time and 200 with the same entry when it is repeated', async () => {
  const { call, rooms } = await startGateway()
  const body = { client_id, body: '  xin chào ', reply_to: 2, file_ids: ['f1'] }
  const first = await call('POST', `${PATH}/messages`, body)
  expect([first.statusCode, first.json()]).toEqual([201, { entry }])
  expect(rooms.calls[0]?.input).toEqual({
    ...mine,
    client_id,
    body: 'xin chào',
    reply_to: 2,
    file_ids: ['f1'],
  })
  rooms.answer('sendMessage', async () => ({ entry, fresh: false }))
  const again = await call('POST', `${PATH}/messages`, body)
  expect([again.statusCode, again.json()]).toEqual([200, { entry }])
})

test('a message holds 8,000 characters and not one more', async () => {
  const { call } = await startGateway()
  const send = (body: string) => call('POST', `${PATH}/messages`, { client_id, body })
  expect((await send('ế'.repeat(8_000))).statusCode).toBe(201)
  expect(fieldsOf(await send('ế'.repeat(8_001)))).toHaveProperty('body')
})

test('a client_id has its bounds', async () => {
  const { call } = await startGateway()
  const send = async (id: string) =>
    (await call('POST', `${PATH}/messages`, { client_id: id, body: 'x' })).statusCode
  expect(await send('x'.repeat(8))).toBe(201)
  expect(await send('x'.repeat(40))).toBe(201)
  for (const bad of ['x'.repeat(7), 'x'.repeat(41), 'with space']) expect(await send(bad)).toBe(400)
})

test('a page is asked for by at most one place', async () => {
  const { call, rooms } = await startGateway()
  for (const [query, input] of [
    ['', { limit: 50 }],
    ['?before=7', { before: 7, limit: 50 }],
    ['?after=0&limit=5', { after: 0, limit: 5 }],
    ['?around=7', { around: 7, limit: 50 }],
  ] as const) {
    const answer = await call('GET', `${PATH}/messages${query}`)
    expect(answer.json()).toEqual({ messages: [message], more: false })
    expect(rooms.calls.pop()?.input).toEqual({ ...mine, ...input })
  }
  for (const query of [
    'before=1&after=2',
    'before=1&before=2',
    'before=-1',
    'around=x',
    'after=99999999999999999',
  ]) {
    expect([query, (await call('GET', `${PATH}/messages?${query}`)).statusCode]).toEqual([query, 400])
  }
})

test('one message is read, edited and deleted by its seq', async () => {
  const { call, rooms } = await startGateway()
  expect((await call('GET', `${PATH}/messages/2`)).json()).toEqual({ message })
  const edited = await call('PATCH', `${PATH}/messages/2`, { body: 'better', client_id })
  expect([edited.statusCode, edited.json()]).toEqual([200, { entry }])
  expect((await call('DELETE', `${PATH}/messages/2`)).json()).toEqual({ entry })
  expect(rooms.calls.map((call) => [call.verb, call.input])).toEqual([
    ['getMessage', { ...mine, seq: 2 }],
    ['editMessage', { ...mine, target: 2, body: 'better', client_id }],
    ['deleteMessage', { ...mine, target: 2 }],
  ])
})

test('reactions and pins are 201 when they are new and 200 when it was so already', async () => {
  const { call, rooms } = await startGateway()
  const verbs = [
    ['PUT', `reactions/${THUMB}`, 'react', { emoji: '👍' }],
    ['DELETE', `reactions/${THUMB}`, 'unreact', { emoji: '👍' }],
    ['PUT', 'pin', 'pin', {}],
    ['DELETE', 'pin', 'unpin', {}],
  ] as const
  for (const [method, path, verb, more] of verbs) {
    const first = await call(method, `${PATH}/messages/2/${path}`)
    expect([verb, first.statusCode, first.json()]).toEqual([verb, 201, { entry }])
    expect(rooms.calls.pop()).toMatchObject({ verb, input: { ...mine, target: 2, ...more } })
    rooms.answer(verb, async () => ({ entry, fresh: false }))
    const again = await call(method, `${PATH}/messages/2/${path}`)
    expect([verb, again.statusCode, again.json()]).toEqual([verb, 200, { entry }])
    rooms.calls.pop()
  }
})

test('the longest emoji fits into a path, and what is no emoji is named', async () => {
  const { call, rooms } = await startGateway()
  expect((await call('PUT', `${PATH}/messages/2/reactions/${encodeURIComponent(KISS)}`)).statusCode).toBe(201)
  expect(rooms.calls[0]?.input).toMatchObject({ emoji: KISS })
  for (const bad of ['abc', encodeURIComponent('👍👍')]) {
    const answer = await call('PUT', `${PATH}/messages/2/reactions/${bad}`)
    expect([answer.statusCode, codeOf(answer), Object.keys(fieldsOf(answer))]).toEqual([
      400,
      'invalid_request',
      ['emoji'],
    ])
  }
})

test('the log is read from a place, from the start when none is given', async () => {
  const { call, rooms } = await startGateway()
  expect((await call('GET', `${PATH}/log`)).json()).toEqual({
    entries: [entry],
    head_seq: 3,
    first_seq: 1,
    more: false,
  })
  await call('GET', `${PATH}/log?after=2&limit=200`)
  expect(rooms.calls.map((call) => call.input)).toEqual([
    { user: ann.id, rooms: [{ room: 'r-tea', after: 0 }], limit: 50 },
    { user: ann.id, rooms: [{ room: 'r-tea', after: 2 }], limit: 200 },
  ])
})

test('a log one may not read is an error and not a list', async () => {
  const { call, rooms } = await startGateway()
  for (const [code, status, shown] of [
    ['not_member', 403, 'not_member'],
    ['not_found', 404, 'not_found'],
    ['something_else', 503, 'unavailable'],
  ] as const) {
    rooms.answer('readLog', async () => ({ rooms: [{ room: 'r-tea', error: { code, message: 'No.' } }] }))
    const answer = await call('GET', `${PATH}/log`)
    expect([answer.statusCode, codeOf(answer)]).toEqual([status, shown])
  }
})
