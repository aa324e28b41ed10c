/**
 * Seats on a real Janus with real browsers: each publishes and takes the offers that it is told, as the client does, and
 * the calls service is there with its seats alone.
 */

import { join } from 'node:path'
import { createInProcessBus } from '@parley/adapters/embedded/in-process-bus'
import { createJanusServer } from '@parley/adapters/janus/create-janus-server'
import { type Bus, silentLog, systemClock } from '@parley/contracts'
import type { MediaAsk, MediaTold } from '@parley/protocol/calls'
import type { Call } from '@parley/services/calls/call-machine'
import { createMediaPlacement, type MediaPlacement } from '@parley/services/calls/media/media-placement'
import type { MediaSeats } from '@parley/services/calls/media/media-seats'
import { callsMigrations } from '@parley/services/calls/migrations'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type JanusServer, startJanus } from '../support/janus-server.ts'
import { changeCall, eventually, hearMedia, putCall, startSeats } from '../support/media-kit.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { CHROMIUM, FLAGS } from './support.ts'

let janus: JanusServer
let base: TestDatabase
let browser: Browser
let bus: Bus
let placement: MediaPlacement
let seats: MediaSeats

beforeAll(async () => {
  ;[janus, base, browser] = await Promise.all([
    startJanus(),
    createTestDatabase([callsMigrations]),
    chromium.launch({
      executablePath: CHROMIUM,
      args: [...FLAGS, '--autoplay-policy=no-user-gesture-required'],
    }),
  ])
  bus = createInProcessBus()
  const server = createJanusServer({ url: janus.url, secret: janus.secret, clock: systemClock })
  placement = createMediaPlacement({ servers: [server], clock: systemClock, log: silentLog })
  placement.start()
  seats = process()
  await eventually(() => expect(placement.counts().up).toBe(1))
})
afterAll(async () => {
  await browser.close()
  await seats.close()
  placement.close()
  placement.byName(janus.url)?.close()
  await janus.stop()
  await base.drop()
})

/** Of the role `calls`. */
const process = (): MediaSeats => startSeats({ base, bus, clock: systemClock, placement })

async function leave(call: Call, user: string): Promise<Call> {
  const participants = { ...call.participants, [user]: { standing: 'left' as const } }
  const after = await changeCall(base, call, { participants })
  seats.settle(after)
  return after
}

interface Person {
  readonly page: Page
  readonly heard: MediaTold[]
  ask(ask: MediaAsk): Promise<{ sdp?: string }>
  /** Publishes what `change` says of the connection `up`. */
  publish(sends: Send[]): Promise<void>
  /** Of what is received, by whose it is: the width of the picture, and frames or packets so far. */
  received(): Promise<Record<string, { width: number; amount: number }>>
}
type Send = 'microphone' | 'camera' | 'screen'

/** What `media-peer.js` puts into the page. */
declare const peer: {
  connect(): void
  offer(sources: string[]): Promise<{ sdp: string; tracks: { mid: string; source: Send }[] }>
  answered(sdp: string): Promise<void>
  take(sdp: string, tracks: unknown): Promise<string>
  received(): ReturnType<Person['received']>
}

async function person(call: Call, user: string): Promise<Person> {
  const page = await browser.newPage()
  // Cameras need an origin that is safe.
  await page.route('https://parley.test/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<title>a call</title>' }),
  )
  await page.addInitScript({ path: join(import.meta.dirname, 'media-peer.js') })
  await page.goto('https://parley.test/')
  const heard: MediaTold[] = []
  const ask = (asked: MediaAsk) =>
    seats.ask({ user, endpoint: `${user}-tab`, call: call.id, generation: 1, ask: asked })
  let turn: Promise<unknown> = Promise.resolve()
  await hearMedia(bus, { call: call.id, user, endpoint: `${user}-tab` }, (media) => {
    heard.push(media)
    if (media.told !== 'offer') return
    turn = turn.then(async () => {
      const sdp = await page.evaluate(([text, tracks]) => peer.take(text, tracks), [
        media.sdp,
        media.tracks,
      ] as const)
      await ask({ do: 'answer', sdp, offer: media.offer })
    })
  })
  return {
    page,
    heard,
    ask,
    received: () => page.evaluate(() => peer.received()),
    async publish(sends) {
      const offer = await page.evaluate((sources) => peer.offer(sources), sends)
      const { sdp } = await ask({ do: 'publish', ...offer })
      await page.evaluate((text) => peer.answered(text), sdp ?? '')
    },
  }
}

/** All of it flows, and nothing else. */
async function expectFlow(who: Person, ...tracks: string[]): Promise<void> {
  await eventually(async () => {
    const now = await who.received()
    expect(Object.keys(now).toSorted()).toEqual(tracks.toSorted())
    for (const [name, { amount }] of Object.entries(now)) expect([name, amount]).not.toEqual([name, 0])
  })
}

const width = (who: Person, track: string, pixels: number): Promise<void> =>
  eventually(async () => expect((await who.received())[track]?.width).toBe(pixels))

it('everybody receives what everybody sends, as it comes and goes; the process, and Janus, may end in the middle', async () => {
  let call = await putCall(base, janus.url, 'ann', 'bob', 'carl')
  const [ann, bob, carl] = await Promise.all([person(call, 'ann'), person(call, 'bob'), person(call, 'carl')])
  await ann.publish(['microphone', 'camera'])
  await bob.publish(['microphone'])
  await carl.ask({ do: 'publish', sdp: 'v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\n', tracks: [] })
  await expectFlow(ann, 'bob microphone')
  await Promise.all([
    expectFlow(bob, 'ann microphone', 'ann camera'),
    expectFlow(carl, 'ann microphone', 'ann camera', 'bob microphone'),
  ])
  // The middle one until it is said how large it is shown.
  await width(bob, 'ann camera', 320)
  await bob.ask({ do: 'layers', layers: [{ user: 'ann', source: 'camera', layer: 0 }] })
  await width(bob, 'ann camera', 160)
  // A tone is taken for speech.
  await eventually(() =>
    expect(bob.heard.filter(({ told }) => told === 'speaking')).toContainEqual({
      told: 'speaking',
      user: 'ann',
      speaking: true,
    }),
  )

  // Another process goes on with it, and nobody has to connect anew.
  await seats.close()
  seats = process()
  seats.adopt(call)
  await bob.publish(['microphone', 'screen'])
  await expectFlow(ann, 'bob microphone', 'bob screen')
  await ann.publish(['microphone'])
  await expectFlow(carl, 'ann microphone', 'bob microphone', 'bob screen')
  await carl.ask({ do: 'restart' })
  await expectFlow(carl, 'ann microphone', 'bob microphone', 'bob screen')
  expect([ann, bob, carl].flatMap(({ heard }) => heard.filter(({ told }) => told === 'gone'))).toEqual([])

  // Who is out of the call sends nothing to anybody, and is sent nothing.
  call = await leave(call, 'ann')
  await expectFlow(carl, 'bob microphone', 'bob screen')
  await expect(ann.ask({ do: 'restart' })).rejects.toMatchObject({ code: 'conflict' })

  await janus.kill()
  await eventually(() => expect(placement.isUp(janus.url)).toBe(false))
  expect(placement.choose()).toBeNull()
  await expect(bob.publish(['microphone'])).rejects.toMatchObject({ code: 'unavailable' })
  await janus.restart()
  await eventually(() => {
    for (const { heard } of [bob, carl]) expect(heard.at(-1)).toEqual({ told: 'gone' })
  })
  for (const { page } of [bob, carl]) await page.evaluate(() => peer.connect())
  await bob.publish(['microphone', 'camera'])
  await carl.publish(['microphone'])
  await expectFlow(carl, 'bob microphone', 'bob camera')

  // A call that is over leaves nothing.
  await changeCall(base, call, { ended: { at: 1, reason: 'completed' } })
  await seats.sweep()
  const server = placement.byName(janus.url)
  await eventually(async () => expect(await server?.check()).toEqual({ people: 0 }))
  const { rows } = await base.database.query('select call_id from calls.media_room', [])
  expect(rows).toEqual([])
})
