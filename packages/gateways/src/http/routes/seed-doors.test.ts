import { expect, test } from 'vitest'
import { ann, room } from '../testing/fake-services.ts'
import { codeOf, startGateway } from '../testing/start-gateway.ts'

const account = { username: 'username', email: 'test@test.com', password: 'not so common' }

test('signing up and in answer a token of a day, with and without the last slash, and no cookies', async () => {
  const { call, auth } = await startGateway()
  for (const [path, status, verb] of [
    ['/api/user/signup/', 201, 'register'],
    ['/api/user/signup', 201, 'register'],
    ['/api/user/login/', 200, 'login'],
    ['/api/user/login', 200, 'login'],
  ] as const) {
    const answer = await call('POST', path, account, {})
    expect([path, answer.statusCode, answer.json(), answer.cookies]).toEqual([
      path,
      status,
      { user: ann, token: 'access.of.ann', expires_in: 600 },
      [],
    ])
    expect(auth.calls.pop()).toMatchObject({ verb, input: { lifetime: 'day', address: '127.0.0.1' } })
  }
})

test('a room of the seeds is public and belongs to the bearer of the token', async () => {
  const { call, rooms } = await startGateway()
  for (const path of ['/api/room/create/', '/api/room/create']) {
    const answer = await call('POST', path, { name: 'room_name' })
    const created = { ...room, name: 'room_name' }
    expect([answer.statusCode, answer.json()]).toEqual([
      201,
      { id: room.id, name: 'room_name', room: created },
    ])
    expect(rooms.calls.pop()?.input).toEqual({
      user: ann.id,
      kind: 'public',
      name: 'room_name',
      usernames: [],
    })
  }
})

test('the bounds hold here too, and so does the need for a token', async () => {
  const { call } = await startGateway()
  const answer = async (path: string, body: unknown, headers?: Record<string, string>) => {
    const given = await call('POST', path, body, headers)
    return [given.statusCode, codeOf(given)]
  }
  expect(await answer('/api/room/create/', '{\n"name": "room_name",\n}')).toEqual([400, 'invalid_json'])
  expect(await answer('/api/room/create/', { name: 'join' })).toEqual([400, 'invalid_request'])
  expect(await answer('/api/room/create/', {})).toEqual([400, 'invalid_request'])
  expect(await answer('/api/room/create/', { name: 'x' }, {})).toEqual([401, 'unauthenticated'])
  expect(await answer('/api/user/signup/', { ...account, username: 'a@b' }, {})).toEqual([
    400,
    'invalid_request',
  ])
})
