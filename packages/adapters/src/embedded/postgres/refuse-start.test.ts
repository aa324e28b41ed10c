import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { chooseAccount } from './choose-account.ts'
import { findPackage } from './find-package.ts'
import { removeAbandonedDrafts } from './initialise-cluster.ts'
import {
  DataDirectoryInUse,
  DataDirectoryNewer,
  PostgresStartFailed,
  startPostgres,
} from './start-postgres.ts'
import { makeCluster } from './testing/cluster.ts'
import {
  installForAll,
  isRoot,
  makePrivateDirectory,
  query,
  run,
  startHere,
  startHost,
} from './testing/helpers.ts'

let dataDirectory: string
beforeAll(async () => {
  dataDirectory = await makeCluster()
})

/** Expects the start to fail, and returns why. */
async function failure(directory: string, settings: Record<string, string> = {}): Promise<unknown> {
  const started = startPostgres({ dataDirectory: directory, settings, log: () => undefined })
  return started.then(
    async (postgres) => {
      await postgres.stop()
      return undefined
    },
    (error: unknown) => error,
  )
}

test('a second start is told who has the directory, and the first goes on', async () => {
  const first = await startHere({ dataDirectory })
  const error = await failure(dataDirectory)
  expect(error).toBeInstanceOf(DataDirectoryInUse)
  expect(error).toMatchObject({ pid: first.pid, code: 'data_directory_in_use' })
  expect(String(error)).toContain(`PostgreSQL process ${first.pid}. Stop the Parley that runs it`)
  expect(await query(first.connection, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('of two that start at the same moment one wins', async () => {
  const hosts = await Promise.all([startHost({ dataDirectory }), startHost({ dataDirectory })])
  const [winners, losers] = [hosts.filter(({ pid }) => pid), hosts.filter(({ error }) => error)]
  expect([winners.length, losers.length]).toEqual([1, 1])
  expect(losers[0]?.error).toMatchObject({ name: 'DataDirectoryInUse' })
  expect(losers[0]?.error?.message).toContain(`${winners[0]?.pid}`)
})

test('of two first starts at the same moment one wins, on a whole cluster', async () => {
  const parent = await makePrivateDirectory()
  const dataDirectory = join(parent, 'postgres')
  const hosts = await Promise.all([startHost({ dataDirectory }), startHost({ dataDirectory })])
  const [winner] = hosts.filter(({ pid }) => pid)
  expect(hosts.flatMap(({ error }) => error?.name ?? [])).toEqual(['DataDirectoryInUse'])
  if (winner?.connection === undefined) throw new Error('nobody won')
  expect(await query(winner.connection, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(await readdir(parent)).toEqual(['postgres'])
})

test('a server that somebody started by hand is left alone', async () => {
  const { native } = await findPackage()
  const owner = await stat(dataDirectory)
  const args = [
    '-D',
    '/proc/self/cwd',
    '-c',
    'listen_addresses=',
    '-c',
    'unix_socket_directories=pg_stat_tmp',
  ]
  const account = isRoot ? { uid: owner.uid, gid: owner.gid } : {}
  // Root's copy, if the tests run where only root can enter.
  const postgres = await runnable(native)
  const foreign = spawn(postgres, args, {
    ...account,
    cwd: dataDirectory,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = once(foreign, 'exit')
  onTestFinished(async () => {
    foreign.kill('SIGINT')
    await exited
  })
  await expect
    .poll(() => readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch(() => ''))
    .toContain('ready')
  expect(await failure(dataDirectory)).toMatchObject({ name: 'DataDirectoryInUse', pid: foreign.pid })
})

/** The binary as startPostgres would run it. */
async function runnable(native: string): Promise<string> {
  const probe = await startHere({ dataDirectory })
  const path = await readFile(`/proc/${probe.pid}/cmdline`, 'utf8').catch(() => `${native}/bin/postgres\0`)
  await probe.stop()
  return path.slice(0, path.indexOf('\0'))
}

test('a server in another container, seen only by its socket, is left alone', async () => {
  const other = createServer().listen(join(dataDirectory, '.s.PGSQL.5432'))
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const error = await failure(dataDirectory)
  expect(error).toMatchObject({ name: 'DataDirectoryInUse', pid: undefined })
  expect(String(error)).toContain('container')
})

// Elsewhere than on Linux one cannot see what a process works on, and PostgreSQL's own caution stands.
if (process.platform === 'linux') {
  test('a stale lock with the number of a living stranger does not keep us out', async () => {
    const owner = await stat(dataDirectory)
    const account = isRoot ? { uid: owner.uid, gid: owner.gid } : {}
    const stranger = spawn('/bin/sh', ['-c', 'read -r line'], {
      ...account,
      cwd: '/',
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    const exited = once(stranger, 'exit')
    onTestFinished(async () => {
      stranger.stdin.end()
      await exited
    })
    for (const lock of ['postmaster.pid', '.s.PGSQL.5432.lock']) {
      await writeFile(
        join(dataDirectory, lock),
        `${stranger.pid}\n${dataDirectory}\n1795232158\n5432\n.\n\n\nready   \n`,
      )
      if (isRoot) await run('chown', [`${owner.uid}:${owner.gid}`, join(dataDirectory, lock)])
    }
    const { connection } = await startHere({ dataDirectory })
    expect(await query(connection, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(stranger.exitCode).toBe(null)
  })
}

test.each([
  ['19', DataDirectoryNewer, /made by PostgreSQL 19, newer than the 18/],
  ['17', PostgresStartFailed, /made by PostgreSQL 17, and this Parley runs 18/],
] as const)('a directory of PostgreSQL %s is refused', async (version, kind, message) => {
  const label = join(dataDirectory, 'PG_VERSION')
  await writeFile(label, `${version}\n`)
  onTestFinished(() => writeFile(label, '18\n'))
  const error = await failure(dataDirectory)
  expect(error).toBeInstanceOf(kind)
  expect(String(error)).toMatch(message)
})

test("a directory with other people's files is refused and left as it is", async () => {
  const dataDirectory = await makePrivateDirectory()
  await writeFile(join(dataDirectory, 'thesis.txt'), 'x')
  expect(String(await failure(dataDirectory))).toMatch(/not empty and holds no PostgreSQL data/)
  expect(await readdir(dataDirectory)).toEqual(['thesis.txt'])
})

test('a first start that runs out of room says so and leaves nothing half made', async () => {
  const parent = await makePrivateDirectory()
  // No file may exceed 1 MB (ulimit counts half kilobytes): the 16 MB of the first WAL file do not fit.
  const limits = { before: 'ulimit -f 2000' }
  const host = await startHost({ dataDirectory: join(parent, 'postgres') }, limits)
  expect(host.error?.name).toBe('PostgresStartFailed')
  expect(host.error?.message).toMatch(
    /initdb failed[\s\S]*PostgreSQL said:\n {2}[\s\S]*File (too large|size limit)/,
  )
  expect(await readdir(parent)).toEqual([])
})

test('a place where no directory can be made is named', async () => {
  const parent = await makePrivateDirectory()
  await writeFile(join(parent, 'file'), '')
  const error = await failure(join(parent, 'file', 'postgres'))
  expect(error).toBeInstanceOf(PostgresStartFailed)
  expect(String(error)).toMatch(/EEXIST.*A file is in the way/)
})

test('a server that does not come up is quoted', async () => {
  const error = await failure(dataDirectory, { shared_buffers: 'plenty' })
  expect(error).toBeInstanceOf(PostgresStartFailed)
  expect(String(error)).toMatch(
    /ended at once[\s\S]*PostgreSQL said:[\s\S]*invalid value for parameter "shared_buffers"/,
  )
})

test('a fixed setting is refused before anything is touched', async () => {
  const parent = await makePrivateDirectory()
  expect(String(await failure(join(parent, 'postgres'), { port: '1' }))).toMatch(/port cannot be changed/)
  expect(await readdir(parent)).toEqual([])
})

test('drafts of dead or long gone makers are removed, those of the living are not', async () => {
  const parent = await makePrivateDirectory()
  const dead = spawn('true')
  await once(dead, 'exit')
  for (const name of [
    `postgres.init-${dead.pid}-aB3`,
    `postgres.init-${process.pid}-aB3`,
    'postgres.initial',
  ]) {
    await mkdir(join(parent, name))
  }
  const now = Date.now()
  await removeAbandonedDrafts(join(parent, 'postgres'), now)
  expect((await readdir(parent)).sort()).toEqual([`postgres.init-${process.pid}-aB3`, 'postgres.initial'])
  await removeAbandonedDrafts(join(parent, 'postgres'), now + 240_000 + 5_000)
  expect(await readdir(parent)).toEqual(['postgres.initial'])
})

if (isRoot) {
  test('an ordinary user is told what may not be written, and a nameless one what is missing', async () => {
    const account = await chooseAccount('')
    if (account === undefined) throw new Error('root has to change to an account')
    const { native } = await findPackage()
    const install = await installForAll(native)
    const closed = await makePrivateDirectory()
    await chmod(closed, 0o755)
    const refused = await startHost({ dataDirectory: join(closed, 'postgres') }, { account, ...install })
    expect(refused.error?.name).toBe('PostgresStartFailed')
    expect(refused.error?.message).toMatch(/EACCES.*Check who may write/)
    expect(await readdir(closed)).toEqual([])

    const home = await makePrivateDirectory()
    await run('chown', ['54321:54321', home])
    const nameless = { uid: 54321, gid: 54321 }
    const host = await startHost({ dataDirectory: join(home, 'postgres') }, { account: nameless, ...install })
    expect(host.error?.message).toMatch(/name in \/etc\/passwd/)
    expect((await readdir(home)).filter((name) => name.startsWith('postgres.init'))).toEqual([])
  })
}
