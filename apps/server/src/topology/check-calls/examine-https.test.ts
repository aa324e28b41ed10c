import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@parley/contracts'
import { expect, onTestFinished, test } from 'vitest'
import { makeCertificate } from '../../../../../tests/support/front-door.ts'
import { readSettings } from '../../settings/read-settings.ts'
import { examineHttps } from './examine-https.ts'

const tools = { clock: systemClock, stopwatch: () => 0, timeoutMs: 3_000, relayMs: 0 }

async function examine(publicUrl?: string): Promise<string> {
  const settings = readSettings(publicUrl === undefined ? {} : { PARLEY_PUBLIC_URL: publicUrl })
  const { state, says } = await examineHttps(settings, tools)
  return `${state}: ${says}`
}

test('without encryption only this machine gets camera and microphone', async () => {
  expect(await examine()).toMatch(/^poor: PARLEY_PUBLIC_URL is not set/)
  expect(await examine('http://localhost:8080')).toMatch(/^good: /)
  expect(await examine('http://chat.example.org')).toMatch(/^bad: .* is not encrypted.*no camera/)
})

test('a certificate that is not believed, and an address where nobody is, are named', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'parley-https-'))
  const { certificate, key } = await makeCertificate(directory)
  const server = createServer({ cert: await readFile(certificate), key: await readFile(key) })
  onTestFinished(async () => {
    server.close()
    await rm(directory, { recursive: true, force: true })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  expect(await examine(`https://localhost:${port}`)).toMatch(
    /^bad: .* has a certificate that is not believed \(self-signed/,
  )
  server.close()
  server.closeAllConnections()
  expect(await examine(`https://127.0.0.1:${port}`)).toMatch(/^bad: .* does not answer from here \(/)
})
