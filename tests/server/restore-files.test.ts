/** Back-ups of the embedded topology, as docs/operations says: stop, copy, start elsewhere; or a snapshot of one moment. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { tellRestoreStory } from '../support/restore-story.ts'
import { startTestServer, type TestServer } from '../support/test-server.ts'
import { runParley } from './run-parley.ts'

const TIMEOUT_MS = 120_000

/** `copyFiles` makes the back-up while the server runs, or stops it meanwhile. */
async function tellWith(
  copyFiles: (server: TestServer, copy: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'parley-restore-'))
  stack.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))
  const [original, copied] = [join(directory, 'original'), join(directory, 'copy')]
  let server: TestServer | undefined
  await tellRestoreStory({
    async start() {
      server = await startTestServer({ dataDirectory: original })
      return server
    },
    async backUp() {
      if (server !== undefined)
        await copyFiles(server, () => promisify(execFile)('cp', ['-a', original, copied]))
    },
    async restore() {
      const renewed = await runParley(['migrate', '--new-epoch'], { PARLEY_DATA: copied })
      expect(renewed).toMatchObject({ code: 0, errors: '' })
      return startTestServer({ dataDirectory: copied })
    },
  })
}

test.concurrent('a copy of a stopped data directory serves elsewhere, and clients follow it', {
  timeout: TIMEOUT_MS,
}, async () => {
  await tellWith(async (server, copy) => {
    const early = await runParley(['migrate', '--new-epoch'], { PARLEY_DATA: server.dataDirectory })
    expect(early).toMatchObject({ code: 1, output: '' })
    expect(early.errors).toContain('Parley runs on this database: stop every process of it')
    await server.stop()
    await copy()
    await server.restart()
  })
})

test.concurrent('a snapshot of the files of a running server serves elsewhere, and clients follow it', {
  timeout: TIMEOUT_MS,
}, async () => {
  await tellWith(async (server, copy) => {
    // Nothing writes while all of them stand still: what a file system's snapshot sees.
    const pids = await withChildren(await server.postgresPid())
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    try {
      await copy()
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT')
    }
  })
})

/** The server, then what it has started. */
async function withChildren(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return [pid, ...children.trim().split(' ').filter(Boolean).map(Number)]
}
