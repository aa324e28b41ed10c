import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { findLifeline, type Lifeline } from '../../engines/launch.ts'
import { awaitPredecessor, isAlive } from './await-predecessor.ts'
import { makeCluster } from './testing/cluster.ts'
import { type Host, isGone, kill, query, run, startHere, startHost } from './testing/helpers.ts'

let dataDirectory: string
beforeAll(async () => {
  dataDirectory = await makeCluster()
})

function started(host: Host): { pid: number; connection: NonNullable<Host['connection']> } {
  const { pid, connection } = host
  if (pid === undefined || connection === undefined) throw new Error(host.error?.message)
  return { pid, connection }
}

test('on Linux with util-linux the kernel ends it with us', async () => {
  const hasSetpriv = await run('setpriv', ['--pdeathsig', 'INT', 'true']).then(
    () => true,
    () => false,
  )
  expect(await findLifeline()).toBe(hasSetpriv ? 'kernel' : 'watchdog')
})

test.each([undefined, 'watchdog'] satisfies (Lifeline | undefined)[])(
  'when we are killed, PostgreSQL shuts down by itself (lifeline: %s)',
  async (lifeline) => {
    const host = await startHost({ dataDirectory, ...(lifeline && { lifeline }) })
    const { pid } = started(host)
    await kill(host.child, 'SIGKILL')
    await isGone(pid)
    // Shut down, not killed: it took its lock with it.
    await expect(stat(join(dataDirectory, 'postmaster.pid'))).rejects.toThrow(/ENOENT/)
  },
)

test('the watchdog goes too when PostgreSQL is stopped', async () => {
  const children = async (): Promise<string[]> => {
    const { stdout } = await run('ps', ['-o', 'pid=,args=', '--ppid', `${process.pid}`])
    return stdout.split('\n').filter((line) => line.includes('read -r pid'))
  }
  const postgres = await startHere({ dataDirectory, lifeline: 'watchdog' })
  expect(await children()).toHaveLength(1)
  await postgres.stop()
  await expect.poll(children).toEqual([])
})

test('Ctrl-C in the terminal is ours alone: PostgreSQL serves until we have finished', async () => {
  const host = await startHost({ dataDirectory })
  const { pid, connection } = started(host)
  process.kill(-(host.child.pid ?? 0), 'SIGINT')
  expect(await query(connection, 'select 1 as one')).toEqual([{ one: 1 }])
  host.child.stdin?.end()
  await isGone(pid)
})

test('after SIGKILL of everything, what was committed is there at the next start', async () => {
  const host = await startHost({ dataDirectory })
  const { pid, connection } = started(host)
  await query(connection, 'create table kept as select 42 as answer')
  process.kill(pid, 'SIGKILL')
  await kill(host.child, 'SIGKILL')
  expect(await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8')).toMatch(`${pid}\n`)
  expect((await stat(join(dataDirectory, '.s.PGSQL.5432'))).isSocket()).toBe(true)

  const again = await startHere({ dataDirectory })
  expect(await query(again.connection, 'select answer from kept')).toEqual([{ answer: 42 }])
  expect(again.lines.some(({ line }) => line.includes('automatic recovery in progress'))).toBe(true)
})

test('backends that outlive a killed server are waited for', async () => {
  const first = await startHere({ dataDirectory })
  const busy = new Client(first.connection)
  busy.on('error', () => undefined)
  onTestFinished(() => busy.end())
  await busy.connect()
  const work = busy.query(`do $$ declare start timestamptz := clock_timestamp(); begin
    while clock_timestamp() < start + interval '1500 milliseconds' loop end loop; end $$`)
  work.catch(() => undefined)
  const atWork = "select 1 from pg_stat_activity where state = 'active' and query like 'do %'"
  await expect.poll(() => query(first.connection, atWork)).toHaveLength(1)
  process.kill(first.pid, 'SIGKILL')
  expect(await first.died).toEqual({ code: null, signal: 'SIGKILL' })

  const second = await startHere({ dataDirectory })
  expect(second.lines.some(({ line }) => line.includes('pre-existing shared memory block'))).toBe(true)
  expect(await query(second.connection, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('a predecessor that is still shutting down is waited for, longer than one that is not', async () => {
  const host = await startHost({ dataDirectory })
  const { pid, connection } = started(host)
  const [row] = await query(
    connection,
    "select pid from pg_stat_activity where backend_type = 'checkpointer'",
  )
  const checkpointer = Number(row?.pid)
  process.kill(checkpointer, 'SIGSTOP')
  const resume = (): void => {
    if (isAlive(checkpointer)) process.kill(checkpointer, 'SIGCONT')
  }
  try {
    await kill(host.child, 'SIGKILL')
    const lock = (): Promise<string> => readFile(join(dataDirectory, 'postmaster.pid'), 'utf8')
    await expect.poll(lock).toContain('stopping')
    const waiting = awaitPredecessor(dataDirectory, dataDirectory).then(() => 'free')
    // A second is what a server that goes on living is given.
    expect(await Promise.race([waiting, delay(1_300, 'waiting')])).toBe('waiting')
    resume()
    expect(await waiting).toBe('free')
  } finally {
    // Also when the test failed before it let go.
    resume()
  }
  await isGone(pid)
})

test('died tells of an end that nobody asked for, and of no other', async () => {
  const asked = await startHere({ dataDirectory })
  const ends: unknown[] = []
  void asked.died.then((end) => ends.push(end))
  await asked.stop()

  const unasked = await startHere({ dataDirectory })
  process.kill(unasked.pid, 'SIGINT')
  expect(await unasked.died).toEqual({ code: 0, signal: null })
  await unasked.stop()
  expect(ends).toEqual([])
})
