/** The self-test of calls with planted faults: a real coturn, a browser whose microphone is silent and whose camera is forbidden. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@parley/adapters/engines/free-port'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestServer } from '../support/test-server.ts'
import { startTurnServer, type TurnServer } from '../support/turn-server.ts'
import { expectAccessible, FLAGS, openStageOn, type Stage } from './support.ts'

let stage: Stage
let turn: TurnServer
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-call-test-'))
  const silence = join(directory, 'silence.wav')
  const [, started, turnPort, janusPort] = await Promise.all([
    writeFile(silence, silentWave()),
    startTurnServer(),
    freePort(),
    freePort(),
  ])
  turn = started
  // Nobody answers for the person here: what is not granted is refused.
  const flags = FLAGS.filter((flag) => !flag.startsWith('--use-fake-ui'))
  stage = await openStageOn(
    () =>
      startTestServer({
        env: {
          PARLEY_WEB: 'on',
          PARLEY_TURN_URLS: `${turn.urls.udp},turn:127.0.0.1:${turnPort}?transport=tcp`,
          PARLEY_TURN_SECRET: 'not-the-secret-of-this-relay',
          PARLEY_JANUS_URLS: `http://127.0.0.1:${janusPort}/janus`,
          PARLEY_JANUS_SECRET: 'of-a-server-that-is-not-there',
        },
      }),
    [...flags, `--use-file-for-fake-audio-capture=${silence}`],
  )
})
afterAll(async () => {
  await stage?.close()
  await turn?.stop()
  await rm(directory, { recursive: true, force: true })
})

it('the self-test names each fault in a plain sentence, and what is well beside them', async () => {
  const { page, context } = await stage.person('ann')
  await context.grantPermissions(['microphone'])
  await page.goto('/settings')
  await page.getByRole('link', { name: 'Test calls on this device' }).click()
  await page.getByRole('button', { name: 'Start the test' }).click()
  await page.getByRole('button', { name: 'Yes', exact: true }).click()
  await page.getByRole('button', { name: 'Test again' }).waitFor({ timeout: 60_000 })
  const told = async (step: string) =>
    (await page.getByRole('listitem').filter({ hasText: step }).textContent())?.replaceAll(/\s+/g, ' ')

  expect(await told('This page')).toContain('this browser can call')
  expect(await told('Camera')).toMatch(/fault.*does not let Parley use the camera/)
  expect(await told('Microphone')).toMatch(/fault.*is silent: nothing at all came from it/)
  expect(await told('Speakers')).toContain('You heard the tone.')
  expect(await told('Connection to the server')).toContain('Connected, and calls answer')
  expect(await told('Relay (TURN) over UDP')).toMatch(/fault.*\(401\): its secret differs/)
  expect(await told('Relay (TURN) over TCP')).toMatch(/fault.*Its port is closed/)
  expect(await told('Line')).toContain('Without a relay:')
  expect(await told('Media servers')).toMatch(/fault.*None of 1 answers/)
  expect(await page.getByText('Something is wrong: see below.').isVisible()).toBe(true)
  await expectAccessible(page, 'the self-test with faults')
})

/** A second of nothing at all: 16 bits, one channel, 48 kHz. */
function silentWave(): Buffer {
  const samples = Buffer.alloc(48_000 * 2)
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + samples.length, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(48_000, 24)
  head.writeUInt32LE(96_000, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(samples.length, 40)
  return Buffer.concat([head, samples])
}
