import { describe, expect, it } from 'vitest'
import {
  ALONE_TO_MS,
  createPushPlaces,
  GIVEN_UP_AFTER_MS,
  OWNER_PLACES,
  type PushPlace,
  type PushPlaces,
  SILENT_AFTER,
  STRANGER_PLACES,
} from './push-places.ts'

const MINUTE_MS = 60_000
const TIMEOUT_MS = 10_000

function open() {
  const clock = { ms: 1_000_000, now: () => clock.ms }
  return { clock, places: createPushPlaces(clock) }
}

let people = 0
const somebody = () => `owner-${people++}`
const isPlace = (entered: ReturnType<PushPlaces['enter']>): entered is PushPlace =>
  typeof entered === 'object'

/** By this many different people, or by one of them. */
function enterMany(places: PushPlaces, host: string, count: number, owner?: string) {
  const entered = Array.from({ length: count }, () => places.enter(host, owner ?? somebody()))
  return {
    inside: entered.filter(isPlace),
    waits: entered.filter((one) => typeof one === 'number'),
  }
}

function taken(places: PushPlaces, host: string): PushPlace {
  const place = places.enter(host, somebody())
  if (!isPlace(place)) throw new Error(`no place: ${place}`)
  return place
}

function answer(places: PushPlaces, host: string, afterMs = 50): void {
  const place = taken(places, host)
  place.answered(afterMs)
  place.leave()
}

/** Returns how long it is left alone. */
function fail({ clock, places }: ReturnType<typeof open>, host: string): number {
  const place = taken(places, host)
  clock.ms += TIMEOUT_MS
  const aloneMs = place.unanswered()
  place.leave()
  return aloneMs
}

describe('places', () => {
  it('at a service that nobody knows are few, and as many as wanted once it answers quickly', () => {
    const { places } = open()
    const { inside, waits } = enterMany(places, 'push.example', 50)
    expect([inside.length, waits.length]).toEqual([STRANGER_PLACES, 50 - STRANGER_PLACES])
    // Who waits comes back soon and one after the other.
    expect(Math.max(...waits)).toBeLessThan(1_000)
    expect(new Set(waits).size).toBe(waits.length)
    for (const place of inside) {
      place.answered(50)
      place.leave()
    }
    expect(enterMany(places, 'push.example', 5_000).waits).toEqual([])
  })

  it('are few again once it is slow, until its next quick answer', () => {
    const { places } = open()
    answer(places, 'push.example')
    answer(places, 'push.example', 5_000)
    const { inside } = enterMany(places, 'push.example', 50)
    expect(inside).toHaveLength(STRANGER_PLACES)
    inside[0]?.answered(50)
    expect(enterMany(places, 'push.example', 50).waits).toEqual([])
  })

  it('of one owner are few everywhere together, and free again when they are left, once each', () => {
    const { places } = open()
    answer(places, 'push.example')
    const { inside } = enterMany(places, 'push.example', 50, 'ann')
    expect(inside).toHaveLength(OWNER_PLACES)
    answer(places, 'other.example')
    expect(places.enter('other.example', 'ann')).toEqual(expect.any(Number))
    expect(isPlace(places.enter('other.example', 'ben'))).toBe(true)
    inside[0]?.leave()
    inside[0]?.leave()
    expect(enterMany(places, 'other.example', 50, 'ann').inside).toHaveLength(1)
  })

  it('of all services that nobody knows together leave enough to those that answer quickly', () => {
    const { places } = open()
    answer(places, 'push.example')
    let held = 0
    for (let n = 0; n < 100; n++) held += enterMany(places, `slow-${n}.example`, 10).inside.length
    expect(held).toBe(16)
    expect(enterMany(places, 'push.example', 100).waits).toEqual([])
  })
})

describe('a service that stays silent', () => {
  it('is left alone for a growing, bounded while, and asked with one push at a time', () => {
    const opened = open()
    const { clock, places } = opened
    for (let n = 1; n < SILENT_AFTER; n++) expect(fail(opened, 'dead.example')).toBe(0)
    const spans: number[] = []
    for (let n = 0; n < 6; n++) {
      const aloneMs = fail(opened, 'dead.example')
      spans.push(aloneMs)
      const waits = enterMany(places, 'dead.example', 200).waits
      expect(waits).toHaveLength(200)
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(aloneMs)
      expect(Math.max(...waits)).toBeLessThanOrEqual(aloneMs + 2 * MINUTE_MS)
      clock.ms += aloneMs
      const { inside } = enterMany(places, 'dead.example', 20)
      expect(inside).toHaveLength(1)
      inside[0]?.leave()
    }
    expect(spans).toEqual([30_000, 60_000, 120_000, 240_000, ALONE_TO_MS, ALONE_TO_MS])
  })

  it('of many pushes at once is silent once', () => {
    const { clock, places } = open()
    const { inside } = enterMany(places, 'dead.example', 10)
    clock.ms += TIMEOUT_MS
    expect(inside.map((place) => place.unanswered())).toEqual([0, 0, 30_000, 30_000])
  })

  it('is as before with its next answer', () => {
    const opened = open()
    for (let n = 0; n < SILENT_AFTER; n++) {
      const aloneMs = fail(opened, 'push.example')
      opened.clock.ms += aloneMs
    }
    answer(opened.places, 'push.example')
    expect(enterMany(opened.places, 'push.example', 500).waits).toEqual([])
  })

  it('does not use up the places of those that nobody knows yet', () => {
    const opened = open()
    const names = Array.from({ length: 30 }, (_, n) => `dead-${n}.example`)
    for (const name of names) for (let n = 0; n < SILENT_AFTER; n++) fail(opened, name)
    opened.clock.ms += ALONE_TO_MS
    expect(names.filter((name) => isPlace(opened.places.enter(name, somebody())))).toHaveLength(8)
    expect(enterMany(opened.places, 'new.example', 10).inside).toHaveLength(STRANGER_PLACES)
  })
})

describe('a service that was silent all day', () => {
  /** Asked every few minutes; what the last one who entered found. */
  function failAllDay(opened: ReturnType<typeof open>, meanwhile: () => void) {
    const end = opened.clock.ms + GIVEN_UP_AFTER_MS + 10 * MINUTE_MS
    while (opened.clock.ms < end) {
      const entered = opened.places.enter('dead.example', somebody())
      if (entered === 'given-up') return entered
      if (isPlace(entered)) {
        entered.unanswered()
        entered.leave()
      }
      opened.clock.ms += 5 * MINUTE_MS
      meanwhile()
    }
    return opened.places.enter('dead.example', somebody())
  }

  it('is given up while others answer', () => {
    const opened = open()
    expect(failAllDay(opened, () => answer(opened.places, 'push.example'))).toBe('given-up')
  })

  it('is not given up while nobody answers, as when our own network is cut', () => {
    expect(failAllDay(open(), () => {})).not.toBe('given-up')
  })

  it('is not given up for a silence long ago', () => {
    const opened = open()
    fail(opened, 'push.example')
    opened.clock.ms += 3 * GIVEN_UP_AFTER_MS
    answer(opened.places, 'other.example')
    fail(opened, 'push.example')
    expect(isPlace(opened.places.enter('push.example', somebody()))).toBe(true)
  })
})
