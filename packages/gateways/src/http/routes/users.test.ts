import { expect, test } from 'vitest'
import { ann, ben } from '../testing/fake-services.ts'
import { codeOf, fieldsOf, startGateway } from '../testing/start-gateway.ts'

test('who I am comes with what I may do', async () => {
  const { call } = await startGateway()
  expect((await call('GET', '/api/v1/users/me')).json()).toEqual({
    user: ann,
    admin: false,
    permissions: expect.objectContaining({ create_room: true, remove_member: false }),
  })
})

test('a changed name is passed on in its normal form', async () => {
  const { call, auth } = await startGateway()
  const answer = await call('PATCH', '/api/v1/users/me', { display_name: '  Bê\u0301 ' })
  expect(answer.json()).toEqual({ user: { ...ann, display_name: 'B\u1ebf' } })
  expect(auth.calls[0]?.input).toEqual({ user: ann.id, display_name: 'B\u1ebf' })
})

test('of two pictures chosen at once the one that counts stays open', async () => {
  const { call, auth, files } = await startGateway()
  const showing = (id: string) => ({ ...ann, avatar_url: `/api/v1/files/${id}` })
  auth.answer('updateUser', async () => ({ user: showing('mine') }))
  auth.answer('getUsers', async () => ({ users: [showing('later')] }))
  await call('PATCH', '/api/v1/users/me', { avatar_file_id: 'picture' })
  const released = files.calls.filter(({ verb }) => verb === 'releaseAvatars')
  expect(released.map(({ input }) => input)).toEqual([
    { user: ann.id, except: 'mine' },
    { user: ann.id, except: 'later' },
  ])
})

test('people are found by a part of their name, in pages', async () => {
  const { call, auth } = await startGateway()
  const answer = await call('GET', '/api/v1/users?query=%20be%20&limit=2&cursor=page-1')
  expect(answer.json()).toEqual({ users: [ann, ben], next: 'page-2' })
  expect(auth.calls[0]?.input).toEqual({ query: 'be', limit: 2, cursor: 'page-1' })
})

test('people met as ids are looked up by ids, and by nothing else beside', async () => {
  const { call } = await startGateway()
  expect((await call('GET', '/api/v1/users?ids=u-ben,u-gone')).json()).toEqual({ users: [ben] })
  for (const query of [
    'ids=u-ben&query=b',
    'ids=u-ben&online=1',
    'ids=',
    'ids=a,,b',
    `ids=${Array(201).fill('a')}`,
  ]) {
    const answer = await call('GET', `/api/v1/users?${query}`)
    expect([query, answer.statusCode, Object.keys(fieldsOf(answer))[0]]).toEqual([
      query,
      400,
      expect.stringMatching(/^ids/),
    ])
  }
})

test('those connected now are listed, and can be searched', async () => {
  const { call, sessions } = await startGateway()
  expect((await call('GET', '/api/v1/users?online=1')).json()).toEqual({ users: [ben] })
  expect((await call('GET', '/api/v1/users?online=true&query=n')).json()).toEqual({
    users: [ben],
    next: 'page-2',
  })
  expect(sessions.calls.map((call) => call.verb)).toEqual(['listOnline', 'getPresence'])
})

test('nobody connected is an empty list', async () => {
  const { call, sessions, auth } = await startGateway()
  sessions.answer('listOnline', async () => ({ users: [] }))
  expect((await call('GET', '/api/v1/users?online=1')).json()).toEqual({ users: [] })
  expect(auth.calls).toEqual([])
})

test('one person is found by id and an unknown one is not', async () => {
  const { call } = await startGateway()
  expect((await call('GET', '/api/v1/users/u-ben')).json()).toEqual({ user: ben })
  const answer = await call('GET', '/api/v1/users/u-gone')
  expect([answer.statusCode, codeOf(answer)]).toEqual([404, 'not_found'])
})

test('permissions name their actor, and null stands for the default', async () => {
  const { call, auth } = await startGateway()
  await call('GET', '/api/v1/users/u-ben/permissions')
  await call('PATCH', '/api/v1/users/u-ben/permissions', { permissions: { invite: false, send_file: null } })
  expect(auth.calls.map((call) => [call.verb, call.input])).toEqual([
    ['getPermissions', { actor: ann.id, user: ben.id }],
    ['setPermissions', { actor: ann.id, user: ben.id, permissions: { invite: false, send_file: null } }],
  ])
  const unknown = await call('PATCH', '/api/v1/users/u-ben/permissions', { permissions: { fly: true } })
  expect([unknown.statusCode, Object.keys(fieldsOf(unknown))]).toEqual([400, ['permissions.fly']])
})

test('the defaults are permissions without a user', async () => {
  const { call, auth } = await startGateway()
  const read = await call('GET', '/api/v1/admin/permissions')
  expect(Object.keys(read.json())).toEqual(['permissions'])
  await call('PATCH', '/api/v1/admin/permissions', { permissions: { start_call: false } })
  expect(auth.calls.map((call) => call.input)).toEqual([
    { actor: ann.id },
    { actor: ann.id, permissions: { start_call: false } },
  ])
})

test('a setup code is claimed by the one who brings it', async () => {
  const { call, auth } = await startGateway()
  expect((await call('POST', '/api/v1/admin/setup', { code: 'abcd-efgh' })).statusCode).toBe(204)
  expect(auth.calls[0]).toMatchObject({ verb: 'claimSetup', input: { user: ann.id, code: 'abcd-efgh' } })
})

test('a person is disabled and let in again', async () => {
  const { call, auth } = await startGateway()
  expect((await call('PUT', '/api/v1/users/u-ben/disabled')).statusCode).toBe(204)
  expect((await call('DELETE', '/api/v1/users/u-ben/disabled')).statusCode).toBe(204)
  expect(auth.calls.map((call) => call.input)).toEqual([
    { actor: ann.id, user: ben.id, disabled: true },
    { actor: ann.id, user: ben.id, disabled: false },
  ])
})
