/** The built web client: made when it is missing or older than its sources. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { PlainError } from './plain-error.ts'

/** What goes into a build, seen from the program's folder. */
const SOURCES = [
  'apps/web',
  'packages/sdk/src',
  'packages/protocol/src',
  'package-lock.json',
  'tsconfig.json',
]
const NOT_SOURCES = new Set(['node_modules', 'dist'])
const IS_TEST = /\.(test|spec)\.tsx?$/
/** Beside the files that are served; its name starts with a dot, so it is not. */
const STAMP = '.built-from'
const SAID_LINES = 15

export interface WebClientOptions {
  /** Folder of the whole program. */
  readonly program: string
  readonly say: (line: string) => void
}

/** The absolute path of a build that fits its sources. Throws `PlainError` with the reason when it cannot be made. */
export async function ensureWebClient({ program, say }: WebClientOptions): Promise<string> {
  const output = join(program, 'apps/web/dist')
  const sources = await hashSources(program)
  if ((await readStamp(output)) === sources) return output
  say('Building the web client (only after a change, about 10 seconds) …')
  await build(program, output, sources)
  return output
}

async function readStamp(output: string): Promise<string | undefined> {
  return readFile(join(output, STAMP), 'utf8').catch(() => undefined)
}

/** Names and contents: times change with every clone. */
async function hashSources(program: string): Promise<string> {
  const files = (await Promise.all(SOURCES.map((source) => listFiles(program, source)))).flat().sort()
  const hash = createHash('sha256')
  const contents = await Promise.all(files.map((file) => readFile(join(program, file))))
  for (const [i, content] of contents.entries())
    hash.update(`${files[i]}\0${content.length}\0`).update(content)
  return hash.digest('hex')
}

async function listFiles(program: string, path: string): Promise<string[]> {
  let entries: Awaited<ReturnType<typeof readEntries>>
  try {
    entries = await readEntries(join(program, path))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTDIR') return [path]
    // A folder that is not there has no files; what is really missing the build will say.
    if (code === 'ENOENT') return []
    throw error
  }
  const below = entries
    .filter((entry) => !NOT_SOURCES.has(entry.name) && !IS_TEST.test(entry.name))
    .map((entry) =>
      entry.isDirectory() ? listFiles(program, join(path, entry.name)) : [join(path, entry.name)],
    )
  return (await Promise.all(below)).flat()
}

function readEntries(directory: string) {
  return readdir(directory, { withFileTypes: true })
}

/** Complete or absent: built beside its place and moved into it, so that two starts at once do not mix. */
async function build(program: string, output: string, sources: string): Promise<void> {
  const web = join(program, 'apps/web')
  const cache = join(program, 'node_modules/.cache')
  let draft: string
  try {
    await mkdir(cache, { recursive: true })
    draft = await mkdtemp(join(cache, 'web-client-'))
  } catch (error) {
    throw new PlainError(
      `The web client has to be built first, and ${cache} cannot be written (${(error as Error).message}): start Parley once as the owner of ${program}, or without the client (PARLEY_WEB=off).`,
    )
  }
  try {
    await runVite(web, join(draft, 'new'))
    await writeFile(join(draft, 'new', STAMP), sources)
    await rename(output, join(draft, 'old')).catch(ignoreMissing)
    // Another start that was faster made the same files.
    await rename(join(draft, 'new'), output).catch(async (error: unknown) => {
      if ((await readStamp(output)) !== sources) throw error
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

function runVite(web: string, output: string): Promise<void> {
  const manifest = createRequire(join(web, 'package.json')).resolve('vite/package.json')
  const vite = join(dirname(manifest), 'bin/vite.js')
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const child = spawn(
    process.execPath,
    [vite, 'build', '--outDir', output, '--emptyOutDir', '--logLevel', 'warn'],
    {
      cwd: web,
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let said = ''
  const listen = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-20_000)
  }
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  child.on('error', reject)
  child.on('close', (code) => {
    if (code === 0) return resolve()
    const lines = stripVTControlCharacters(said)
      .split('\n')
      .filter((line) => line.trim() !== '' && !/^\s+at /.test(line))
    reject(
      new PlainError(
        `The web client could not be built; PARLEY_WEB=off starts without it. Vite said:\n  ${lines.slice(0, SAID_LINES).join('\n  ')}`,
      ),
    )
  })
  return promise
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}
