/**
 * Runs in every test file: when a test fails, what the servers it used have printed. One that died of a bug of its own is
 * said last, because scripts/test.mjs repeats nothing that says so.
 */
import { afterEach } from 'vitest'
import { recentServers } from './test-server.ts'

const LAST_LINES = 60
const BUG = 'unexpected error, ending'

afterEach(({ task }) => {
  const failed = task.result?.state === 'fail'
  let died: string | undefined
  for (const server of recentServers) {
    const lines = server.output().trimEnd().split('\n').slice(-LAST_LINES)
    if (failed) process.stderr.write(`\n── server ${server.url} ──\n${lines.join('\n')}\n`)
    if (failed && server.output().includes(BUG)) died = server.url
    if (server.ended) recentServers.delete(server)
  }
  if (died !== undefined) throw new Error(`the server ${died} met an ${BUG}`)
})
