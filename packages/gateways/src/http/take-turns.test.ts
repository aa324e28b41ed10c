import { ParleyError } from '@parley/protocol'
import { expect, test } from 'vitest'
import type { TokenVerifier } from '../shared/token-verifier.ts'
import { READS_AT_ONCE_MAX, READS_OPEN_MAX } from './take-turns.ts'
import { codeOf, startGateway } from './testing/start-gateway.ts'

const as = (user: string) => ({ authorization: `Bearer ${user}` })

/** Takes every token for a user of that name. */
const verifier: TokenVerifier = {
  fresh: true,
  feedAgeMs: 0,
  verify: async (token) => ({ user: token, device: 'd-1', expiresAtMs: 9e15 }),
  onRevoked: () => () => {},
  start: async () => {},
  close: async () => {},
}

/** A gateway whose list of rooms is read only when it is let go. */
async function startSlowly() {
  const gateway = await startGateway({ verifier })
  const held = Promise.withResolvers<void>()
  gateway.rooms.answer('listRooms', async ({ user }) => {
    await held.promise
    if (user === 'unlucky') throw new ParleyError('unavailable')
    return { rooms: [] }
  })
  const readers = () => gateway.rooms.calls.map(({ input }) => (input as { user: string }).user)
  // What `call` returns begins when it is first waited for.
  const list = async (user: string, method: 'GET' | 'HEAD' = 'GET') =>
    gateway.call(method, '/api/v1/rooms', undefined, as(user))
  return { ...gateway, letGo: held.resolve, list, readers }
}

test('of one person a few reads run at a time, and all are answered', async () => {
  const { letGo, list, readers } = await startSlowly()
  const answers = Array.from({ length: 20 }, (_, one) => list('greedy', one % 2 === 0 ? 'GET' : 'HEAD'))
  await expect.poll(readers).toHaveLength(READS_AT_ONCE_MAX)
  letGo()
  for (const answer of await Promise.all(answers)) expect(answer.statusCode).toBe(200)
  expect(readers()).toHaveLength(20)
})

test('neither others nor what the same person writes wait for it', async () => {
  const { call, letGo, list, readers } = await startSlowly()
  const greedy = Array.from({ length: 20 }, () => list('greedy'))
  await expect.poll(readers).toHaveLength(READS_AT_ONCE_MAX)
  const other = list('other')
  await expect.poll(readers).toContain('other')
  const made = await call('POST', '/api/v1/rooms', { kind: 'public', name: 'Tea' }, as('greedy'))
  expect(made.statusCode).toBe(201)
  letGo()
  await Promise.all([...greedy, other])
})

test('a read that fails makes room for the next one', async () => {
  const { letGo, list, readers } = await startSlowly()
  letGo()
  const answers = await Promise.all(Array.from({ length: 20 }, () => list('unlucky')))
  expect(answers.map(codeOf)).toEqual(answers.map(() => 'unavailable'))
  expect(readers()).toHaveLength(20)
})

test('beyond the bound one is told to come again', async () => {
  const { letGo, list } = await startSlowly()
  const open = Array.from({ length: READS_OPEN_MAX }, () => list('greedy'))
  const refused = await list('greedy')
  expect([refused.statusCode, codeOf(refused), refused.headers['retry-after']]).toEqual([
    429,
    'rate_limited',
    '1',
  ])
  letGo()
  for (const answer of await Promise.all(open)) expect(answer.statusCode).toBe(200)
  expect((await list('greedy')).statusCode).toBe(200)
})
