import { type Log, type MediaServer, MediaServerAway, silentLog } from '@parley/contracts'
import { expect, it, onTestFinished } from 'vitest'
import { createManualClock } from '../../../../../tests/support/manual-clock.ts'
import { CHECK_INTERVAL_MS, createMediaPlacement } from './media-placement.ts'

/** A server that answers as it is told. */
function server(name: string) {
  const fake = {
    people: 0,
    away: undefined as 'refused' | 'silent' | undefined,
    async check() {
      if (fake.away !== undefined) throw new MediaServerAway(fake.away, fake.away === 'refused')
      return { people: fake.people }
    },
  }
  return { fake, server: { name, check: fake.check } as unknown as MediaServer }
}

function watch(...servers: MediaServer[]) {
  const lines: string[] = []
  const log: Log = {
    ...silentLog,
    warn: (_, message) => lines.push(message),
    info: (_, message) => lines.push(message),
  }
  const clock = createManualClock()
  const placement = createMediaPlacement({ servers, clock, log })
  onTestFinished(() => placement.close())
  /** One more look at each. */
  const look = async (): Promise<void> => {
    clock.advance(CHECK_INTERVAL_MS)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { placement, lines, clock, look }
}

it('before the first look nothing is placed there, and nothing is taken for dead', async () => {
  const a = server('a')
  const { placement, look } = watch(a.server)
  expect([placement.choose(), placement.isUp('a'), placement.isUp('b')]).toEqual([null, true, false])
  expect(placement.counts()).toEqual({ configured: 1, up: 0 })
  placement.start()
  await look()
  expect([placement.choose()?.name, placement.isUp('a')]).toEqual(['a', true])
  expect(placement.counts()).toEqual({ configured: 1, up: 1 })
})

it('a refused connection is the end at once, silence at the second time; each is said once, and that it is over', async () => {
  const [a, b] = [server('a'), server('b')]
  const { placement, lines, look } = watch(a.server, b.server)
  let told = 0
  placement.start(() => told++)
  await look()
  a.fake.away = 'refused'
  b.fake.away = 'silent'
  await look()
  expect([placement.isUp('a'), placement.isUp('b'), placement.choose()?.name]).toEqual([false, true, 'b'])
  await look()
  await look()
  expect([placement.isUp('b'), placement.choose()]).toEqual([false, null])
  expect(lines).toEqual(Array(2).fill('a media server does not answer'))
  expect(told).toBe(2)
  a.fake.away = undefined
  await look()
  await look()
  expect([placement.isUp('a'), placement.counts()]).toEqual([true, { configured: 2, up: 1 }])
  expect(lines.slice(2)).toEqual(['a media server answers again'])
})

it('a call goes where there are the fewest people, those included who are still on their way', async () => {
  const [a, b] = [server('a'), server('b')]
  a.fake.people = 10
  const { placement, clock, look } = watch(a.server, b.server)
  placement.start()
  await look()
  const place = (): string | undefined => {
    const name = placement.choose()?.name
    placement.take(name ?? '')
    return name
  }
  // A place that is not taken costs nothing.
  expect([placement.choose()?.name, placement.choose()?.name]).toEqual(['b', 'b'])
  expect(Array.from({ length: 5 }, place)).toEqual(['b', 'b', 'b', 'a', 'b'])
  clock.advance(10_000)
  expect(placement.choose()?.name).toBe('b')
  expect(placement.byName('a')?.name).toBe('a')
})
