import { mkdir, mkdtemp, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ensureWebClient } from './ensure-web-client.ts'
import { PROGRAM_DIRECTORY } from './version.ts'

/** The smallest program with a web client: one page, and the real Vite. */
async function smallProgram() {
  const program = await realpath(await mkdtemp(join(tmpdir(), 'parley-web-')))
  onTestFinished(() => rm(program, { recursive: true, force: true }))
  const web = join(program, 'apps/web')
  await mkdir(web, { recursive: true })
  await mkdir(join(program, 'node_modules'))
  await symlink(join(PROGRAM_DIRECTORY, 'node_modules/vite'), join(program, 'node_modules/vite'))
  await writeFile(join(web, 'package.json'), '{"type":"module"}')
  await writeFile(join(web, 'index.html'), '<script type="module" src="/main.js"></script>')
  await writeFile(join(web, 'main.js'), 'document.title = "one"')
  const said: string[] = []
  return { program, web, said, ensure: () => ensureWebClient({ program, say: (line) => said.push(line) }) }
}

test('a missing client is built once, and used as it is while its sources stay the same', async () => {
  const { said, ensure } = await smallProgram()
  const directory = await ensure()
  expect(await readFile(join(directory, 'index.html'), 'utf8')).toContain('/assets/')
  const before = await stat(join(directory, 'index.html'))
  expect(await ensure()).toBe(directory)
  expect((await stat(join(directory, 'index.html'))).mtimeMs).toBe(before.mtimeMs)
  expect(said).toEqual(['Building the web client (only after a change, about 10 seconds) …'])
})

test('a change of the sources builds again, and a change of a test does not', async () => {
  const { web, said, ensure } = await smallProgram()
  await ensure()
  await writeFile(join(web, 'main.test.ts'), '')
  await ensure()
  expect(said).toHaveLength(1)
  await writeFile(join(web, 'main.js'), 'document.title = "two"')
  await ensure()
  expect(said).toHaveLength(2)
})

test('two starts at once end with one whole client', async () => {
  const { ensure } = await smallProgram()
  const [one, other] = await Promise.all([ensure(), ensure()])
  expect(one).toBe(other)
  expect(await readFile(join(String(one), 'index.html'), 'utf8')).toContain('/assets/')
})

test('a client that cannot be built is refused with what Vite said, and the way without it', async () => {
  const { web, ensure } = await smallProgram()
  await writeFile(join(web, 'main.js'), 'this is no JavaScript')
  await expect(ensure()).rejects.toThrow(
    /could not be built; PARLEY_WEB=off starts without it[\s\S]*main\.js/,
  )
})
