/** The back-up of the embedded topology, as docs/operations says: stop, copy, start elsewhere. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { tellRestoreStory } from '../support/restore-story.ts'
import { startTestServer, type TestServer } from '../support/test-server.ts'
import { runParley } from './run-parley.ts'

test('a copy of a stopped data directory serves elsewhere, and clients follow it', {
  timeout: 120_000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'parley-restore-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))
  const [original, copy] = [join(directory, 'original'), join(directory, 'copy')]
  let server: TestServer | undefined
  await tellRestoreStory({
    async start() {
      server = await startTestServer({ dataDirectory: original })
      return server
    },
    async backUp() {
      await server?.stop()
      await promisify(execFile)('cp', ['-a', original, copy])
      await server?.restart()
    },
    async restore() {
      const renewed = await runParley(['migrate', '--new-epoch'], { PARLEY_DATA: copy })
      expect(renewed).toMatchObject({ code: 0, errors: '' })
      return startTestServer({ dataDirectory: copy })
    },
  })
})
