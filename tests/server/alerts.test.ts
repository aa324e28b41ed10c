/** `deploy/prometheus-alerts.yaml` names nothing that the program does not export. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createObserveCalls } from '../../apps/server/src/topology/observe.ts'
import { startTestServer, type TestServer } from '../support/test-server.ts'

const ROOT = join(import.meta.dirname, '../..')
/** Of the distributed topology alone. */
const ELSEWHERE = new Registry()

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string }
}

let server: TestServer
let rules: readonly Rule[]
beforeAll(async () => {
  server = await startTestServer()
  const text = await readFile(join(ROOT, 'deploy/prometheus-alerts.yaml'), 'utf8')
  rules = (parse(text) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules)
  createObserveCalls(ELSEWHERE)('rooms')('ok', 3)
})
afterAll(async () => {
  await server.stop()
})

async function scrape(): Promise<string> {
  const response = await fetch(`${server.url}/metrics`)
  expect(response.status).toBe(200)
  return `${await response.text()}\n${await ELSEWHERE.metrics()}`
}

const figureOf = (text: string, name: string): number =>
  Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 'missing')

test('every metric and label of a rule is exported', async () => {
  // So that the histogram of requests has its labels.
  await fetch(`${server.url}/healthz`)
  const text = await scrape()
  const names = new Set(
    [...text.matchAll(/^# TYPE (\S+) (\S+)/gm)].flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
    ),
  )
  expect(rules.length).toBeGreaterThan(8)
  for (const { alert, expr } of rules) {
    const asked = expr.match(/\b(parley|process|nodejs)_[a-z0-9_]+/g) ?? []
    expect(asked.length > 0 || expr.startsWith('up{'), alert).toBe(true)
    for (const name of asked) expect(names, `${name}, which ${alert} asks for`).toContain(name)
    for (const [, name = '', label = ''] of expr.matchAll(/(parley_[a-z_]+)\{([a-z]+)=~?"/g)) {
      const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`))
      expect(
        lines.some((line) => line.includes(`${label}="`)),
        `${name} has the label ${label}`,
      ).toBe(true)
    }
  }
})

test('a rule says how bad it is, in a sentence, and the guide says what to do about it', async () => {
  const guide = await readFile(join(ROOT, 'docs/operations/failures.md'), 'utf8')
  for (const { alert, labels, annotations } of rules) {
    expect(['page', 'ticket'], alert).toContain(labels.severity)
    expect(annotations.summary, alert).not.toBe('')
    expect(guide, alert).toContain(`\`${alert}\``)
  }
})

test('a server that is well shows it', async () => {
  const text = await scrape()
  expect(figureOf(text, 'parley_ready')).toBe(1)
  expect(figureOf(text, 'parley_bus_connected')).toBe(1)
  expect(figureOf(text, 'parley_revocation_feed_age_seconds')).toBeLessThan(5)
  for (const service of ['auth', 'rooms']) {
    expect(figureOf(text, `parley_${service}_outbox_rows`)).toBe(0)
    expect(figureOf(text, `parley_${service}_outbox_oldest_seconds`)).toBe(0)
  }
})

test('the guide quotes log lines that are written and metrics that there are', async () => {
  const sources = await readSources()
  const names = await scrape()
  for (const page of ['failures', 'keys', 'scale', 'upgrade', 'backup']) {
    const text = await readFile(join(ROOT, `docs/operations/${page}.md`), 'utf8')
    for (const [, line = ''] of text.matchAll(/(?<![\w`])_([A-Za-z][^_\n]{10,}[^_\s])_(?!\w)/g)) {
      if (line.startsWith('The database schema')) continue
      expect(sources.includes(line), `${page}: ${line}`).toBe(true)
    }
    for (const [name] of text.matchAll(/\bparley_[a-z_]*[a-z]\b/g)) {
      const isMetric = /_(seconds|rows|total|connected|ready|connections|gateway_rooms|process_id)$/.test(
        name,
      )
      if (isMetric) expect(names, `${page}: ${name}`).toContain(`# TYPE ${name} `)
    }
  }
})

/** Everything the program is made of, as one text. */
async function readSources(): Promise<string> {
  const files: string[] = []
  for (const place of ['apps/server/src', 'packages']) {
    for (const file of await readdir(join(ROOT, place), { recursive: true })) {
      if (file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes('node_modules'))
        files.push(join(ROOT, place, file))
    }
  }
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n')
}
