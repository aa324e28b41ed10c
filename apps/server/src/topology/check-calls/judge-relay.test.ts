import { expect, test } from 'vitest'
import { judgeFigures, judgePeers, judgeRelayed } from './judge-relay.ts'

test('a public server that relays from a private address or none lacks external-ip', () => {
  for (const relayed of ['10.0.0.7', '0.0.0.0', 'fd00::7'])
    expect(judgeRelayed(relayed, true)).toMatchObject({
      state: 'bad',
      says: expect.stringContaining('external-ip'),
    })
  expect(judgeRelayed('8.8.8.8', true).state).toBe('good')
  // One for a company's own network.
  expect(judgeRelayed('10.0.0.7', false).state).toBe('good')
  expect(judgeRelayed('::', false).state).toBe('bad')
})

test('whoever reaches private addresses through it is named the lines that are missing', () => {
  const judge = (reached: string[], publicReached = true, isPublic = true) =>
    judgePeers({ reached, publicReached, isPublic })
  expect(judge([]).state).toBe('good')
  expect(judge(['10.0.0.1', '172.16.0.1'])).toMatchObject({
    state: 'bad',
    says: expect.stringMatching(/can reach 10\.0\.0\.1, 172\.16\.0\.1 .*denied-peer-ip(?!.*allow-loopback)/),
  })
  expect(judge(['127.0.0.1']).says).toContain('allow-loopback-peers')
  expect(judge([], false)).toMatchObject({ state: 'bad', says: expect.stringContaining('too wide') })
  expect(judge([], false, false).state).toBe('good')
})

test('what is lost, slow or far is said with its figures', () => {
  const fine = { sent: 300, returned: 300, loss: 0, roundTripMs: 12, bitsPerSecond: 1_320_000 }
  expect(judgeFigures(fine)).toEqual({
    state: 'good',
    says: '1.3 Mbit/s, 0.0 % lost, 12 ms there and back',
  })
  expect(judgeFigures({ ...fine, returned: 0, loss: 1, roundTripMs: undefined })).toMatchObject({
    state: 'bad',
    says: expect.stringContaining('min-port'),
  })
  const stateOf = (figures: Partial<typeof fine>) => judgeFigures({ ...fine, ...figures }).state
  expect([stateOf({ loss: 0.02 }), stateOf({ loss: 0.021 })]).toEqual(['good', 'poor'])
  expect([stateOf({ loss: 0.2 }), stateOf({ loss: 0.201 })]).toEqual(['poor', 'bad'])
  expect([stateOf({ roundTripMs: 400 }), stateOf({ roundTripMs: 401 })]).toEqual(['good', 'poor'])
  expect([stateOf({ bitsPerSecond: 1_000_000 }), stateOf({ bitsPerSecond: 999_999 })]).toEqual([
    'good',
    'poor',
  ])
})
