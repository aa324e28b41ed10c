import { createMemoryRateLimiter } from '@parley/adapters/embedded/memory-rate-limiter'
import { ParleyError } from '@parley/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AuthKit, codeOf, createAuthKit } from '../../../../tests/support/auth-kit.ts'
import { createManualClock } from '../../../../tests/support/manual-clock.ts'
import { createPasswordThrottle } from './password-throttle.ts'

function createThrottle() {
  const clock = createManualClock()
  const throttle = createPasswordThrottle(createMemoryRateLimiter(clock), clock)
  return { clock, throttle }
}

describe('the throttle of passwords', () => {
  it('lets an address try an account 20 times, then says when the next try is possible', async () => {
    const { clock, throttle } = createThrottle()
    for (let i = 0; i < 20; i++) await throttle.admit('ada', '192.0.2.1')
    const error = await throttle.admit('ada', '192.0.2.1').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ParleyError)
    expect(error).toMatchObject({ code: 'rate_limited', retryAfterMs: 30_000 })
    clock.advance(30_000)
    await throttle.admit('ada', '192.0.2.1')
    expect(await codeOf(throttle.admit('ada', '192.0.2.1'))).toBe('rate_limited')
  })

  it('lets an address try 100 accounts, then one a second', async () => {
    const { clock, throttle } = createThrottle()
    for (let i = 0; i < 100; i++) await throttle.admit(`user${i}`, '192.0.2.1')
    expect(await codeOf(throttle.admit('another', '192.0.2.1'))).toBe('rate_limited')
    clock.advance(1_000)
    await throttle.admit('another', '192.0.2.1')
  })

  it('slows unknown addresses down when many try one account, and never refuses them', async () => {
    const { clock, throttle } = createThrottle()
    for (let i = 0; i < 30; i++) await throttle.admit('ada', `192.0.2.${i}`)
    let admitted = false
    const owner = throttle.admit('ada', '198.51.100.7').then(() => {
      admitted = true
    })
    await clock.scheduled()
    expect(admitted).toBe(false)
    clock.advance(2_000)
    await owner
    expect(admitted).toBe(true)
  })

  it('does not slow down an address the account was used from', async () => {
    const { clock, throttle } = createThrottle()
    throttle.succeeded('ada', '198.51.100.7')
    for (let i = 0; i < 30; i++) await throttle.admit('ada', `192.0.2.${i}`)
    await throttle.admit('ada', '198.51.100.7')
    expect(clock.pending).toBe(0)
  })

  it('holds at most a thousand tries at once', async () => {
    const { clock, throttle } = createThrottle()
    for (let i = 0; i < 30; i++) await throttle.admit('ada', `192.0.2.${i}`)
    const held = Array.from({ length: 1_000 }, (_, i) => throttle.admit('ada', `held ${i}`))
    while (clock.pending < 1_000) await clock.scheduled()
    expect(await codeOf(throttle.admit('ada', 'one more'))).toBe('overloaded')
    clock.advance(2_000)
    await Promise.all(held)
  })
})

describe('signing in', () => {
  let kit: AuthKit
  beforeAll(async () => {
    kit = await createAuthKit()
  })
  afterAll(() => kit.close())

  it('is limited per account and address, existing or not, and stays open to the owner elsewhere', async () => {
    await kit.register('victim')
    for (const name of ['victim', 'nobody']) {
      const codes = []
      for (let i = 0; i < 21; i++) codes.push(await codeOf(kit.login(name, 'a guess', '203.0.113.9')))
      expect(codes).toEqual([...Array(20).fill('bad_credentials'), 'rate_limited'])
    }
    await kit.login('victim', undefined, '198.51.100.7')
  })

  it('lets 200 register from an address, then one every two seconds', async () => {
    const fresh = await createAuthKit()
    const address = '203.0.113.50'
    const codes = await Promise.all(
      Array.from({ length: 201 }, (_, i) => codeOf(fresh.register(`crowd${i}`, { address }))),
    )
    expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(1)
    expect(codes.filter((code) => code === 'none')).toHaveLength(200)
    fresh.clock.advance(2_000)
    await fresh.register('latecomer', { address })
    await fresh.close()
  })
})
