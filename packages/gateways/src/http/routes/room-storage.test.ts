import { expect, test } from 'vitest'
import { startGateway } from '../testing/start-gateway.ts'

const path = '/api/v1/rooms/r-tea/storage'
const mine = { user: 'u-ann', room: 'r-tea' }

test('what a room keeps is read and changed, and what is left out stays as it is', async () => {
  const { call, rooms } = await startGateway()
  const storage = {
    retention_days: null,
    archive_days: 90,
    server: { retention_days: null, archive_days: 365 },
  }
  expect((await call('GET', path)).json()).toEqual({ storage })
  expect((await call('PATCH', path, { retention_days: null })).json()).toEqual({ storage })
  expect(rooms.calls.map(({ verb, input }) => [verb, input])).toEqual([
    ['getRoomStorage', mine],
    ['setRoomStorage', { ...mine, retention_days: null }],
  ])
})

test('days are whole numbers from 1 to 3,650', async () => {
  const { call, rooms } = await startGateway()
  for (const field of ['retention_days', 'archive_days']) {
    for (const days of [1, 3_650]) expect((await call('PATCH', path, { [field]: days })).statusCode).toBe(200)
    for (const days of [0, 3_651, 1.5, '30']) {
      const answer = await call('PATCH', path, { [field]: days })
      expect([days, answer.statusCode]).toEqual([days, 400])
    }
  }
  expect(rooms.calls).toHaveLength(4)
})
