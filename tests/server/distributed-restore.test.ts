/** Back-up and restore with PostgreSQL's own tools, as docs/operations says. */
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.ts'
import { tellRestoreStory } from '../support/restore-story.ts'
import { startTestServer } from '../support/test-server.ts'
import { runParley } from './run-parley.ts'

let postgres: PostgresServer
let directory: string
beforeAll(async () => {
  postgres = await startPostgresServer()
  directory = await mkdtemp(join(tmpdir(), 'parley-restore-'))
})
afterAll(async () => {
  await postgres.stop()
  await rm(directory, { recursive: true, force: true })
})

const serve = (url: string) => startTestServer({ env: { PARLEY_DATABASE_URL: url } })

async function newEpoch(url: string): Promise<void> {
  const renewed = await runParley(['migrate', '--new-epoch'], { PARLEY_DATABASE_URL: url })
  expect(renewed).toMatchObject({ code: 0, errors: '' })
}

test.concurrent('a dump restored into another server', { timeout: 120_000 }, async () => {
  await using stack = new AsyncDisposableStack()
  const dump = join(directory, 'parley.dump')
  await postgres.tool('createdb', 'first')
  await tellRestoreStory({
    start: () => serve(postgres.url('first')),
    async backUp() {
      await postgres.tool('pg_dump', '--format=custom', `--file=${dump}`, postgres.url('first'))
      const early = await runParley(['migrate', '--new-epoch'], {
        PARLEY_DATABASE_URL: postgres.url('first'),
      })
      expect(early).toMatchObject({ code: 1, output: '' })
      expect(early.errors).toContain('Parley runs on this database: stop every process of it')
    },
    async restore() {
      const other = await startPostgresServer()
      stack.defer(() => other.stop())
      await other.tool('createdb', `--maintenance-db=${other.url('postgres')}`, 'parley')
      const to = `--dbname=${other.url('parley')}`
      await other.tool('pg_restore', '--exit-on-error', '--no-owner', '--no-acl', to, dump)
      await newEpoch(other.url('parley'))
      return serve(other.url('parley'))
    },
  })
})

/** Also when the test is repeated. */
async function createAnew(database: string): Promise<void> {
  await postgres.tool('dropdb', '--if-exists', '--force', database)
  await postgres.tool('createdb', database)
}

test.concurrent('a dump restored into a new database beside the lost one, which knows the same transaction numbers', {
  timeout: 120_000,
}, async () => {
  const dump = join(directory, 'beside.dump')
  await createAnew('second')
  await tellRestoreStory({
    start: () => serve(postgres.url('second')),
    backUp: async () => void (await postgres.tool('pg_dump', '--format=custom', `--file=${dump}`, 'second')),
    async restore() {
      await createAnew('third')
      await postgres.tool('pg_restore', '--exit-on-error', '--dbname=third', dump)
      await newEpoch(postgres.url('third'))
      return serve(postgres.url('third'))
    },
  })
})

test.concurrent('files copied by pg_basebackup from a running server', { timeout: 120_000 }, async () => {
  await using stack = new AsyncDisposableStack()
  const copy = join(directory, 'base')
  await createAnew('fourth')
  await tellRestoreStory({
    start: () => serve(postgres.url('fourth')),
    backUp: async () => void (await postgres.tool('pg_basebackup', `--pgdata=${copy}`, '--checkpoint=fast')),
    async restore() {
      const other = await startPostgresServer({
        fill: async (dataDirectory) => void (await rename(copy, dataDirectory)),
      })
      stack.defer(() => other.stop())
      await newEpoch(other.url('fourth'))
      return serve(other.url('fourth'))
    },
  })
})
