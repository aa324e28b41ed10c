import { chmod, chown, lstat, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { chooseAccount } from './choose-account.ts'
import { PostgresStartFailed } from './errors.ts'
import { findPackage } from './find-package.ts'
import { prepareBinaries } from './prepare-binaries.ts'
import { isRoot, makePrivateDirectory, run } from './testing/helpers.ts'

/** A package that cannot be run where it lies: closed to the account (root's case), or read-only (a user's). */
async function makeUnusablePackage(): Promise<string> {
  const { native } = await findPackage()
  const directory = await makePrivateDirectory()
  const copy = join(directory, 'native')
  await run('cp', ['-r', native, copy])
  await run('find', [copy, '-type', 'l', '-delete'])
  // As installed under root's umask 077, or by root for others.
  if (isRoot) await run('chmod', ['-R', 'go-rwx', copy])
  else {
    await chmod(join(copy, 'lib'), 0o555)
    onTestFinished(() => chmod(join(copy, 'lib'), 0o755))
  }
  return copy
}

test('binaries that cannot run where they lie are copied once, where the account can enter', async () => {
  const installed = { ...(await findPackage()), native: await makeUnusablePackage() }
  const account = await chooseAccount('')
  const closed = await makePrivateDirectory()
  const open = await makePrivateDirectory()
  await chmod(open, 0o755)
  const caches = isRoot ? [closed, open] : [open]

  const { postgres } = await prepareBinaries(installed, account, caches)
  const copy = join(open, `postgresql-${installed.label}`)
  expect(postgres).toBe(join(copy, 'bin', 'postgres'))
  const { stdout } = await run(postgres, ['--version'], { ...account, cwd: '/' })
  expect(stdout).toContain(`PostgreSQL) ${installed.major}.`)
  const first = await stat(copy)

  expect(await prepareBinaries(installed, account, caches)).toMatchObject({ postgres })
  expect((await stat(copy)).ino).toBe(first.ino)
  expect([await readdir(closed), await readdir(open)]).toEqual([[], [`postgresql-${installed.label}`]])
})

test('symbolic links that npm did not make are made in place where one may write', async () => {
  const { native: original, ...rest } = await findPackage()
  const directory = await makePrivateDirectory()
  const native = join(directory, 'native')
  await run('cp', ['-r', original, native])
  await run('find', [native, '-type', 'l', '-delete'])

  // No account: we run it ourselves, who can enter.
  expect(await prepareBinaries({ ...rest, native }, undefined, [])).toEqual({
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
  })
  expect((await lstat(join(native, 'lib', 'libpq.so.5'))).isSymbolicLink()).toBe(true)
})

test('a copy that others can write to is not run: it could have been planted', async () => {
  const installed = { ...(await findPackage()), native: await makeUnusablePackage() }
  const account = await chooseAccount('')
  const open = await makePrivateDirectory()
  await chmod(open, 0o755)
  await prepareBinaries(installed, account, [open])
  const copy = join(open, `postgresql-${installed.label}`)

  await chmod(copy, 0o777)
  await expect(prepareBinaries(installed, account, [open])).rejects.toThrow(/not ours alone/)
  await chmod(copy, 0o755)
  if (account !== undefined) {
    await chown(copy, account.uid, account.gid)
    await expect(prepareBinaries(installed, account, [open])).rejects.toThrow(/not ours alone/)
  }
})

test('where nothing can be run, the message says what was tried and why it failed', async () => {
  const installed = { ...(await findPackage()), native: await makeUnusablePackage() }
  await chmod(join(installed.native, 'bin', 'postgres'), 0o644)
  const failure = prepareBinaries(installed, await chooseAccount(''), [])
  await expect(failure).rejects.toThrow(PostgresStartFailed)
  await expect(failure).rejects.toThrow(/do not run in .*EACCES/)
})
