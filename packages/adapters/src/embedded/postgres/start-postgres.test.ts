import { chmod, mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { chooseAccount } from './choose-account.ts'
import { findPackage } from './find-package.ts'
import { chooseDoorway, type DoorwayKind, openDoorway, SOCKET_PATH_MAX_BYTES } from './open-doorway.ts'
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

test('a first start in a directory only we can enter makes a private, checked, UTF-8 cluster', async () => {
  const parent = await makePrivateDirectory()
  const dataDirectory = join(parent, 'new', 'postgres')
  const started = performance.now()
  const postgres = await startHere({ dataDirectory })
  const firstMs = performance.now() - started

  expect((await stat(parent)).mode & 0o777).toBe(0o700)
  expect((await stat(dataDirectory)).mode & 0o777).toBe(0o700)
  const [row] = await query(
    postgres.connection,
    `select current_database() as database, current_user as "user", current_setting('data_checksums') as checksums,
       current_setting('fsync') as fsync, current_setting('listen_addresses') as addresses,
       pg_encoding_to_char(encoding) as encoding, datlocprovider as provider, datlocale as locale
     from pg_database where datname = current_database()`,
  )
  expect(row).toEqual({
    database: 'parley',
    user: 'parley',
    checksums: 'on',
    fsync: 'on',
    addresses: '',
    encoding: 'UTF8',
    provider: 'b',
    locale: 'C.UTF-8',
  })
  // Measured 0.6 s on an idle machine of two cores; ten times that is something else than a slow machine.
  expect(firstMs).toBeLessThan(6_000)
  expect(postgres.lines.filter(({ level }) => level !== 'info')).toEqual([])
})

test('trigrams keep Vietnamese and CJK letters', async () => {
  const { connection } = await startHere({ dataDirectory })
  await query(connection, 'create extension pg_trgm; create extension unaccent')
  const [row] = await query(
    connection,
    `select similarity('Đường', 'đường') as vietnamese, similarity('你好世界', '你好世界') as chinese,
       cardinality(show_trgm('ờ')) as letters, unaccent('Đường') as plain, upper('đường') as upper`,
  )
  expect(row).toEqual({ vietnamese: 1, chinese: 1, letters: 2, plain: 'Duong', upper: 'ĐƯỜNG' })
})

test('a later start finds what was committed, quickly', async () => {
  const first = await startHere({ dataDirectory })
  await query(first.connection, 'create table kept as select 42 as answer')
  await first.stop()

  const started = performance.now()
  const second = await startHere({ dataDirectory })
  expect(performance.now() - started).toBeLessThan(3_000)
  expect(await query(second.connection, 'select answer from kept')).toEqual([{ answer: 42 }])
})

test('what PostgreSQL complains about reaches the log as an error, without what people wrote', async () => {
  const { connection, lines, stop } = await startHere({ dataDirectory })
  await query(connection, 'create table note (body text constraint short check (length(body) < 3))')
  await expect(query(connection, "insert into note values ('secret')")).rejects.toThrow(/short/)
  await expect(query(connection, "do $$ begin raise warning 'careful'; end $$")).resolves.toEqual([])
  await stop()

  const complaints = lines.filter(({ level }) => level !== 'info')
  expect(complaints.map(({ level, line }) => [level, line.replace(/^\d+ /, '')])).toEqual([
    ['error', 'ERROR:  new row for relation "note" violates check constraint "short"'],
    ['warn', 'WARNING:  careful'],
    ['warn', 'CONTEXT:  PL/pgSQL function inline_code_block line 1 at RAISE'],
  ])
  expect(lines.some(({ line }) => line.includes('secret'))).toBe(false)
  expect(lines.at(-1)?.line).toMatch(/database system is shut down$/)
})

test('a directory too deep for a socket path works', async () => {
  const parent = await makePrivateDirectory()
  const dataDirectory = join(parent, 'deep'.repeat(20), 'deeper'.repeat(15), 'postgres')
  expect(dataDirectory.length).toBeGreaterThan(SOCKET_PATH_MAX_BYTES)
  const host = await startHost({ dataDirectory })
  if (host.connection === undefined) throw new Error(host.error?.message)
  // Another process of the same user comes in by the same name.
  expect(await query(host.connection, 'select 1 as one')).toEqual([{ one: 1 }])
})

test.each(['direct', 'descriptor', 'link'] satisfies DoorwayKind[])(
  'the way "%s" leads to the socket, and is closed after',
  async (kind) => {
    if (kind === 'descriptor' && process.platform !== 'linux') return
    const { connection } = await startHere({ dataDirectory })
    const doorway = await openDoorway(dataDirectory, kind)
    expect(await query({ ...connection, host: doorway.host }, 'select 1 as one')).toEqual([{ one: 1 }])
    doorway.close()
    doorway.close()
    if (kind !== 'direct') await expect(stat(doorway.host)).rejects.toThrow()
  },
)

test('a socket path of the longest length is used as it is, one byte more is not', () => {
  const rest = '/.s.PGSQL.5432'.length
  const longest = `/${'x'.repeat(SOCKET_PATH_MAX_BYTES - rest - 1)}`
  expect(chooseDoorway(longest)).toBe('direct')
  expect(chooseDoorway(`${longest}x`)).not.toBe('direct')
})

test('stop() may be called twice, and leaves no process and no lock', async () => {
  const postgres = await startHere({ dataDirectory })
  await Promise.all([postgres.stop(), postgres.stop()])
  await postgres.stop()
  expect(() => process.kill(postgres.pid, 0)).toThrow(/ESRCH/)
  await expect(stat(join(dataDirectory, 'postmaster.pid'))).rejects.toThrow(/ENOENT/)
})

if (isRoot) {
  test('an ordinary user starts it from an installation that only root can write', async () => {
    const account = await chooseAccount('')
    if (account === undefined) throw new Error('root has to change to an account')
    const { native } = await findPackage()
    const { node, sources } = await installForAll(native)
    const home = await makePrivateDirectory()
    await run('chown', ['-R', `${account.uid}:${account.gid}`, home])

    const host = await startHost(
      { dataDirectory: join(home, 'data', 'postgres') },
      { account, node, sources },
    )
    if (host.connection === undefined || host.pid === undefined) throw new Error(host.error?.message)
    expect(await query(host.connection, 'select 1 as one')).toEqual([{ one: 1 }])
    expect((await stat(`/proc/${host.pid}`)).uid).toBe(account.uid)
  })

  test('a cluster keeps its owner, though it has no name on this machine', async () => {
    await run('chown', ['-R', '54321:54321', dataDirectory])
    const { pid, connection } = await startHere({ dataDirectory })
    expect((await stat(`/proc/${pid}`)).uid).toBe(54321)
    expect(await query(connection, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('a backup restored by root starts', async () => {
    await run('chown', ['-R', '0:0', dataDirectory])
    const { connection, pid } = await startHere({ dataDirectory })
    expect(await query(connection, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(await readFile(`/proc/${pid}/status`, 'utf8')).not.toMatch(/^Uid:\s+0\b/m)
  })

  test('an empty directory of root is taken over', async () => {
    const dataDirectory = join(await makePrivateDirectory(), 'postgres')
    await mkdir(dataDirectory)
    await chmod(dataDirectory, 0o755)
    const { connection } = await startHere({ dataDirectory })
    expect(await query(connection, 'select 1 as one')).toEqual([{ one: 1 }])
    expect((await stat(dataDirectory)).mode & 0o777).toBe(0o700)
  })
}
