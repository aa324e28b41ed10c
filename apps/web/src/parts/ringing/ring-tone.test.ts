import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { flashTitle, inOnePage } from './attract.ts'
import { createRingPreference } from './ring-preference.ts'
import { startRingTone, type ToneContext } from './ring-tone.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function fakeContext(state: 'running' | 'suspended') {
  const started: number[] = []
  const gains: { value: number }[] = []
  const node = () => ({ connect: () => undefined, disconnect: () => undefined })
  const ramp = () => undefined
  const context = {
    state: state as string,
    currentTime: 0,
    destination: {},
    createGain() {
      const gain = {
        value: 1,
        setValueAtTime: ramp,
        linearRampToValueAtTime: ramp,
        exponentialRampToValueAtTime: ramp,
      }
      gains.push(gain)
      return { ...node(), gain }
    },
    createOscillator: () => ({
      ...node(),
      frequency: { value: 0 },
      start: (at: number) => void started.push(at),
      stop: () => undefined,
    }),
    resume: vi.fn(async () => undefined),
    close: vi.fn(async () => undefined),
  }
  return { context, started, gains, port: context as unknown as ToneContext }
}

describe('the ring tone', () => {
  it('rings again and again, and not once more after its end', () => {
    const { port, started, gains, context } = fakeContext('running')
    const stop = startRingTone(() => port)
    const once = started.length
    expect(once).toBeGreaterThan(0)
    vi.advanceTimersByTime(6_500)
    expect(started).toHaveLength(once * 3)
    stop()
    // What was planned already is not heard either.
    expect(gains[0]?.value).toBe(0)
    expect(context.close).toHaveBeenCalledOnce()
    vi.advanceTimersByTime(10_000)
    expect(started).toHaveLength(once * 3)
  })

  it('is silent where the browser refuses, and begins once it allows', () => {
    const { port, started, context } = fakeContext('suspended')
    const stop = startRingTone(() => port)
    vi.advanceTimersByTime(4_000)
    expect(started).toEqual([])
    expect(context.resume).toHaveBeenCalled()
    context.state = 'running'
    vi.advanceTimersByTime(3_000)
    expect(started.length).toBeGreaterThan(0)
    stop()
  })

  it('is nothing where there is no sound', () => {
    const stop = startRingTone(() => {
      throw new Error('no device')
    })
    expect(stop).not.toThrow()
  })
})

it('the title says it in turns, and what it said is back afterwards', () => {
  const page = { title: 'Parley' }
  const stop = flashTitle(page, 'Ann is calling')
  expect(page.title).toBe('Ann is calling')
  vi.advanceTimersByTime(1_000)
  expect(page.title).toBe('Parley')
  // Something else happened meanwhile.
  page.title = '(1) Parley'
  vi.advanceTimersByTime(1_000)
  expect(page.title).toBe('Ann is calling')
  stop()
  expect(page.title).toBe('(1) Parley')
  vi.advanceTimersByTime(5_000)
  expect(page.title).toBe('(1) Parley')
})

/** As a browser has them: one after the other, and who gave up while waiting never holds it. */
function fakeLocks(): LockManager {
  const waiting: (() => void)[] = []
  let taken = false
  const hold = async (work: (lock: object | null) => Promise<unknown>) => {
    taken = true
    const result = await work({})
    taken = false
    waiting.shift()?.()
    return result
  }
  return {
    async request(_: string, options: LockOptions, work: (lock: object | null) => Promise<unknown>) {
      if (!taken) return hold(work)
      if (options.ifAvailable === true) return work(null)
      await new Promise<void>((resolve) => waiting.push(resolve))
      if (options.signal?.aborted === true) return waiting.shift()?.()
      return hold(work)
    },
  } as unknown as LockManager
}

it('of several pages one rings, and the next one a moment after it is gone', async () => {
  const locks = fakeLocks()
  const rings = new Set<string>()
  const page = (name: string) =>
    inOnePage(locks, 'ring', () => {
      rings.add(name)
      return () => rings.delete(name)
    })
  const [endFirst, endSecond, endThird] = [page('a'), page('b'), page('c')]
  await vi.advanceTimersByTimeAsync(5_000)
  expect([...rings]).toEqual(['a'])
  endSecond()
  endFirst()
  await vi.advanceTimersByTimeAsync(1_400)
  // It was answered there: the server tells the others just now.
  expect([...rings]).toEqual([])
  await vi.advanceTimersByTimeAsync(200)
  expect([...rings]).toEqual(['c'])
  endThird()
  expect([...rings]).toEqual([])
})

it('whether it rings aloud is remembered', () => {
  const stored = new Map<string, string>()
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  }
  expect(createRingPreference(storage).get()).toBe(true)
  createRingPreference(storage).set(false)
  expect(createRingPreference(storage).get()).toBe(false)
  createRingPreference(storage).set(true)
  expect(createRingPreference(storage).get()).toBe(true)
})
