import { ParleyError } from '@parley/protocol'
import { expect, test } from 'vitest'
import { ann, ben, member, message, room } from '../testing/fake-services.ts'
import { codeOf, fieldsOf, startGateway } from '../testing/start-gateway.ts'

const mine = { user: ann.id, room: room.id }

test('a new room is 201, one that was there already 200', async () => {
  const { call, rooms } = await startGateway()
  const fresh = await call('POST', '/api/v1/rooms', { kind: 'group', name: 'Trà  ', usernames: ['Ben'] })
  expect([fresh.statusCode, fresh.json().room.name]).toEqual([201, 'Trà'])
  expect(rooms.calls[0]?.input).toEqual({ user: ann.id, kind: 'group', name: 'Trà', usernames: ['ben'] })
  rooms.answer('createRoom', async () => ({ room: { ...room, kind: 'direct', peer: ben }, fresh: false }))
  const again = await call('POST', '/api/v1/rooms', { kind: 'direct', usernames: ['ben'] })
  expect([again.statusCode, again.json().room.peer]).toEqual([200, ben])
})

test('a group of 200 names passes and one more is refused', async () => {
  const { call } = await startGateway()
  const status = async (count: number) =>
    (await call('POST', '/api/v1/rooms', { kind: 'group', usernames: Array(count).fill('ben') })).statusCode
  expect(await status(200)).toBe(201)
  expect(await status(201)).toBe(400)
})

test('names that deceive, are reserved or too long are refused by name', async () => {
  const { call } = await startGateway()
  for (const name of ['', ' ', 'a\u202eb', 'a\u0007b', 'join', 'Join-Notification', 'x'.repeat(81)]) {
    const answer = await call('POST', '/api/v1/rooms', { kind: 'public', name })
    expect([name, answer.statusCode, Object.keys(fieldsOf(answer))]).toEqual([name, 400, ['name']])
  }
})

test('my rooms and public ones come in pages of 50 unless told otherwise', async () => {
  const { call, rooms } = await startGateway()
  expect((await call('GET', '/api/v1/rooms')).json()).toEqual({ rooms: [room], next: 'page-2' })
  expect((await call('GET', '/api/v1/rooms/search?query=tea&limit=7&cursor=c')).json()).toEqual({
    rooms: [room],
  })
  expect(rooms.calls.map((call) => [call.verb, call.input])).toEqual([
    ['listRooms', { user: ann.id, limit: 50 }],
    ['searchRooms', { user: ann.id, query: 'tea', limit: 7, cursor: 'c' }],
  ])
})

test('files of a room come by kind and page, and an unknown kind is refused', async () => {
  const { call, rooms } = await startGateway()
  const answer = await call('GET', '/api/v1/rooms/r-tea/files?kind=picture&limit=10&cursor=abc')
  expect(answer.json()).toMatchObject({ files: [{ seq: 3 }], next: 'page-2' })
  expect(rooms.calls.pop()).toMatchObject({
    verb: 'listFiles',
    input: { room: 'r-tea', kind: 'picture', limit: 10, cursor: 'abc' },
  })
  expect((await call('GET', '/api/v1/rooms/r-tea/files?kind=secret')).statusCode).toBe(400)
})

test('a room gets a name and a picture in one call, and loses the picture by null', async () => {
  const { call, rooms } = await startGateway()
  await call('PATCH', '/api/v1/rooms/r-tea', { name: 'Coffee', picture_file_id: 'f-1' })
  expect(rooms.calls.map(({ verb }) => verb)).toEqual(['renameRoom', 'setRoomPicture'])
  await call('PATCH', '/api/v1/rooms/r-tea', { picture_file_id: null })
  expect(rooms.calls.pop()).toMatchObject({ verb: 'setRoomPicture', input: { room: 'r-tea', file: null } })
})

test('each verb on a room says who and which', async () => {
  const { call, rooms } = await startGateway()
  const verbs = [
    ['GET', '', 200, 'getRoom'],
    ['PATCH', '', 200, 'getRoom', {}],
    ['DELETE', '', 204, 'deleteRoom'],
    ['POST', '/join', 200, 'joinRoom'],
    ['POST', '/leave', 204, 'leaveRoom'],
    ['GET', '/bans', 200, 'listBans'],
    ['GET', '/pins', 200, 'listPins'],
  ] as const
  for (const [method, path, status, verb, body] of verbs) {
    const answer = await call(method, `/api/v1/rooms/r-tea${path}`, body)
    expect([method, path, answer.statusCode, rooms.calls.pop()]).toEqual([
      method,
      path,
      status,
      { verb, input: mine, context: expect.anything() },
    ])
  }
})

test('a room is renamed', async () => {
  const { call, rooms } = await startGateway()
  const answer = await call('PATCH', '/api/v1/rooms/r-tea', { name: 'Coffee' })
  expect(answer.json()).toEqual({ room: { ...room, name: 'Coffee' } })
  expect(rooms.calls[0]).toMatchObject({ verb: 'renameRoom', input: { ...mine, name: 'Coffee' } })
})

test('members are listed, brought in, given a role and removed', async () => {
  const { call, rooms } = await startGateway()
  const path = '/api/v1/rooms/r-tea/members'
  expect((await call('GET', path)).json()).toEqual({ members: [member] })
  const added = await call('POST', path, { username: 'BEN' })
  expect([added.statusCode, added.json()]).toEqual([201, { member }])
  expect((await call('PATCH', `${path}/u-ben`, { role: 'reader' })).json().member.role).toBe('reader')
  expect((await call('DELETE', `${path}/u-ben`)).statusCode).toBe(204)
  expect(rooms.calls.map((call) => [call.verb, call.input])).toEqual([
    ['listMembers', { ...mine, limit: 50 }],
    ['addMember', { ...mine, username: 'ben' }],
    ['setRole', { ...mine, member: ben.id, role: 'reader' }],
    ['removeMember', { ...mine, member: ben.id }],
  ])
})

test('a person is banned, seen among the banned and let in again', async () => {
  const { call, rooms } = await startGateway()
  expect((await call('POST', '/api/v1/rooms/r-tea/bans', { user_id: 'u-ben' })).statusCode).toBe(204)
  expect((await call('GET', '/api/v1/rooms/r-tea/bans')).json()).toEqual({ users: [ben] })
  expect((await call('DELETE', '/api/v1/rooms/r-tea/bans/u-ben')).statusCode).toBe(204)
  expect(rooms.calls.map((call) => call.input)).toEqual([
    { ...mine, member: ben.id },
    mine,
    { ...mine, member: ben.id },
  ])
})

test('what the rooms service refuses is refused in its words', async () => {
  const { call, rooms } = await startGateway()
  for (const [code, status] of [
    ['not_found', 404],
    ['not_member', 403],
    ['room_name_taken', 409],
  ] as const) {
    rooms.answer('renameRoom', async () => {
      throw new ParleyError(code)
    })
    const answer = await call('PATCH', '/api/v1/rooms/r-tea', { name: 'Coffee' })
    expect([answer.statusCode, codeOf(answer)]).toEqual([status, code])
  }
})

test('messages are searched with who and where', async () => {
  const { call, rooms } = await startGateway()
  const answer = await call('GET', '/api/v1/search?query=pho&room=r-tea&from=u-ben&limit=3')
  expect(answer.json()).toEqual({ messages: [message] })
  expect(rooms.calls[0]?.input).toEqual({
    user: ann.id,
    query: 'pho',
    room: 'r-tea',
    from: 'u-ben',
    limit: 3,
  })
  for (const query of [
    '',
    'query=',
    'query=%00',
    `query=${'x'.repeat(201)}`,
    'query=a&room=a.b',
    'query=a&query=b',
  ]) {
    expect([query, (await call('GET', `/api/v1/search?${query}`)).statusCode]).toEqual([query, 400])
  }
})
