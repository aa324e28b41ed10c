/** Runs in every test file: when a test fails, what the servers it used have printed. */
import { afterEach } from 'vitest'
import { recentServers } from './test-server.ts'

const LAST_LINES = 60

afterEach(({ task }) => {
  const failed = task.result?.state === 'fail'
  for (const server of recentServers) {
    const lines = server.output().trimEnd().split('\n').slice(-LAST_LINES)
    if (failed) process.stderr.write(`\n── server ${server.url} ──\n${lines.join('\n')}\n`)
    if (server.ended) recentServers.delete(server)
  }
})
