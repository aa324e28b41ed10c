import { expect, test, vi } from 'vitest'
import { createLeave, TURN_HEADER } from './leave-front-door.ts'
import { BEARER, codeOf, startGateway } from './testing/start-gateway.ts'

const first = { ...BEARER, [TURN_HEADER]: 'first' }
const last = { ...BEARER, [TURN_HEADER]: 'last' }

test('while draining, what another replica can do is sent back unexecuted', async () => {
  const { call, rooms } = await startGateway({ ready: () => ({ ready: false, reason: 'draining' }) })
  const answer = await call('GET', '/api/v1/rooms', undefined, first)
  expect([answer.statusCode, codeOf(answer), answer.headers.connection]).toEqual([
    502,
    'unavailable',
    'close',
  ])
  expect(rooms.calls).toEqual([])
  expect((await call('GET', '/nowhere', undefined, first)).statusCode).toBe(502)
})

test('while draining, what no other replica may be asked is done', async () => {
  const { call } = await startGateway({ ready: () => ({ ready: false, reason: 'draining' }) })
  expect((await call('GET', '/api/v1/rooms', undefined, last)).statusCode).toBe(200)
  expect((await call('GET', '/api/v1/rooms', undefined, BEARER)).statusCode).toBe(200)
})

test('nothing is sent back by a replica that stays, ready or not', async () => {
  const serving = await startGateway()
  expect((await serving.call('GET', '/api/v1/rooms', undefined, first)).statusCode).toBe(200)
  const sick = await startGateway({ ready: () => ({ ready: false, reason: 'the database does not answer' }) })
  expect((await sick.call('GET', '/api/v1/rooms', undefined, first)).statusCode).toBe(200)
})

test('without a front door nobody is waited for', async () => {
  vi.useFakeTimers()
  try {
    const leave = createLeave(() => true)
    leave.sendsBack({})
    await leave.alone()
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

test('the port is closed when the front door has been quiet for a moment, and after two seconds in any case', async () => {
  vi.useFakeTimers()
  try {
    for (const [requestEveryMs, closesAfterMs] of [
      [Number.POSITIVE_INFINITY, 250],
      [100, 2_000],
    ] as const) {
      const leave = createLeave(() => true)
      leave.sendsBack({ [TURN_HEADER]: 'last' })
      let closed = false
      const alone = leave.alone().then(() => {
        closed = true
      })
      for (let ms = 10; ms < closesAfterMs; ms += 10) {
        await vi.advanceTimersByTimeAsync(10)
        if (ms % requestEveryMs === 0) leave.sendsBack({ [TURN_HEADER]: 'last' })
      }
      expect(closed).toBe(false)
      await vi.advanceTimersByTimeAsync(20)
      await alone
      expect(closed).toBe(true)
    }
  } finally {
    vi.useRealTimers()
  }
})
