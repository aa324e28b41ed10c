import { expect, test } from 'vitest'
import { type Stoppable, stopServer } from './stop-server.ts'

/** Ends at the given signal and at no other. */
function stubborn(endsAt: NodeJS.Signals): { server: Stoppable; signals: string[] } {
  const signals: string[] = []
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  const kill = (signal: NodeJS.Signals): void => {
    signals.push(signal)
    if (signal === endsAt) resolve()
  }
  return { server: { kill, ended }, signals }
}

test.each([
  ['SIGINT', ['SIGINT']],
  ['SIGQUIT', ['SIGINT', 'SIGQUIT']],
  ['SIGKILL', ['SIGINT', 'SIGQUIT', 'SIGKILL']],
] as const)('a server that heeds only %s is asked in this order: %j', async (endsAt, expected) => {
  const { server, signals } = stubborn(endsAt)
  await stopServer(server, { fastMs: 5, immediateMs: 5 })
  expect(signals).toEqual(expected)
})
