/** The black-box suite against the real program, as a stranger would run it. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startTestServer } from '../support/test-server.ts'

const SUITE = join(import.meta.dirname, '../conformance/run.mjs')

describe('the public contract', () => {
  it('is kept on the embedded topology', async () => {
    const server = await startTestServer()
    try {
      const { code, output } = await new Promise<{ code: unknown; output: string }>((resolve) => {
        execFile(
          process.execPath,
          [SUITE, server.url],
          { maxBuffer: 64 * 1024 * 1024 },
          (error, stdout, stderr) => {
            resolve({ code: error === null ? 0 : error.code, output: stdout + stderr })
          },
        )
      })
      expect(code, output.slice(-20_000)).toBe(0)
      expect(output).toMatch(/\b0 failed\b/)
    } finally {
      await server.stop()
    }
  }, 180_000)
})
