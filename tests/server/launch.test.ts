/** Who starts the program, and under which Node. */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { freePort, testEnvironment } from '../support/test-server.ts'
import { PROGRAM, temporaryDirectory } from './run-parley.ts'

/** `nobody` on every Linux; any unprivileged uid would do. */
const ORDINARY_UID = 65_534
/** Makes any Node say that it is 20, so that the entry looks for the pinned one. */
const OLD_NODE = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.19.0'}})`

interface Launched {
  readonly child: ChildProcess
  readonly url: string
  readonly ended: Promise<number | null>
  output(): string
}

async function launch(
  args: readonly string[],
  data: string,
  options: SpawnOptions,
  env = {},
): Promise<Launched> {
  const port = await freePort()
  const child = spawn(process.execPath, args, {
    env: testEnvironment({ PARLEY_PORT: String(port), PARLEY_DATA: data, PARLEY_WEB: 'off', ...env }),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    ...options,
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const launched = { child, url: `http://127.0.0.1:${port}`, ended, output: () => said }
  await expect
    .poll(() => (child.exitCode === null ? readyStatus(launched.url) : said), { timeout: 40_000 })
    .toBe(200)
  return launched
}

function readyStatus(url: string): Promise<number> {
  return fetch(`${url}/readyz`).then(
    ({ status }) => status,
    () => 0,
  )
}

test('under an older Node the pinned one takes over, and a signal and the exit code pass through', async () => {
  const args = ['--import', OLD_NODE, PROGRAM, 'start']
  const { child, ended } = await launch(args, await temporaryDirectory(), {})
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
})

test('a launcher that is killed takes the server with it', async () => {
  const { child, ended } = await launch(
    [PROGRAM, 'start'],
    await temporaryDirectory(),
    {},
    { PARLEY_LAUNCHED: '1' },
  )
  child.disconnect()
  expect(await ended).toBe(0)
})

test('an ordinary user runs it, in a directory that nobody else can enter', async () => {
  const identity = ordinaryUser()
  const home = await mkdtemp(join(tmpdir(), 'parley-home-'))
  onTestFinished(() => rm(home, { recursive: true, force: true, maxRetries: 5 }))
  await chmod(home, 0o700)
  if (identity.uid !== undefined) await chown(home, identity.uid, ORDINARY_UID)
  const { child, ended, output } = await launch([PROGRAM, 'start'], join(home, 'data'), {
    ...identity,
    cwd: home,
  })
  expect(output()).toContain('Parley is ready at')
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
})

/** Whom to become: nobody, if we are root and nobody can reach this checkout; otherwise who we are. */
function ordinaryUser(): { uid?: number; gid?: number } {
  if (process.geteuid?.() !== 0) return {}
  const nobody = { uid: ORDINARY_UID, gid: ORDINARY_UID }
  const trial = spawnSync(process.execPath, ['--check', PROGRAM], { ...nobody, cwd: '/' })
  if (trial.status === 0) return nobody
  console.warn('This checkout is closed to ordinary users: the test runs as root.')
  return {}
}
