import { describe, expect, it } from 'vitest'
import { splitServers } from './ice-urls.ts'
import { reportOf } from './report.ts'
import { runTest, type Step, type TestPort } from './run-test.ts'
import {
  type GatherMeasure,
  judgeCamera,
  judgeMediaServers,
  judgeMicrophone,
  judgePath,
  judgeServer,
  judgeStun,
  judgeTurn,
  overall,
  type PathMeasure,
} from './verdicts.ts'

const gathered = (more: Partial<GatherMeasure> = {}): GatherMeasure => ({
  srflx: false,
  relay: false,
  errors: [],
  complete: true,
  ms: 20,
  ...more,
})
const picture = { frames: 6, brightness: 90, muted: false, width: 640, height: 480 }
const path: PathMeasure = {
  way: 'relay',
  connected: true,
  kilobitsPerSecond: 1_950,
  roundTripMs: 30,
  lost: 0,
}

describe('verdicts', () => {
  it('tell apart why there is no picture', () => {
    expect(judgeCamera({ problem: 'denied' })).toEqual({ level: 'fault', key: 'cameraDenied' })
    expect(judgeCamera({ problem: 'busy' })).toEqual({ level: 'fault', key: 'cameraBusy' })
    // One can talk without.
    expect(judgeCamera({ problem: 'missing' }).level).toBe('note')
    expect(judgeCamera({ ...picture, frames: 0 }).key).toBe('cameraNoPicture')
    expect(judgeCamera({ ...picture, muted: true }).key).toBe('cameraNoPicture')
    expect(judgeCamera({ ...picture, brightness: 7.9 }).key).toBe('cameraBlack')
    expect(judgeCamera({ ...picture, brightness: 8 })).toEqual({
      level: 'good',
      key: 'cameraGood',
      values: { size: '640 × 480' },
    })
  })

  it('tell a silent microphone from a quiet room and from a voice', () => {
    const heard = (peak: number | null) => judgeMicrophone({ peak, label: 'Headset' }).key
    expect(heard(0)).toBe('microphoneSilent')
    expect(heard(0.000_299)).toBe('microphoneSilent')
    expect(heard(0.000_3)).toBe('microphoneQuiet')
    expect(heard(0.004_9)).toBe('microphoneQuiet')
    expect(heard(0.005)).toBe('microphoneGood')
    // Nobody listened: nothing is claimed of it.
    expect(heard(null)).toBe('microphoneUnheard')
    expect(judgeMicrophone({ problem: 'denied' }).key).toBe('microphoneDenied')
  })

  it('tell a wrong secret from a closed port and from a relay that is full', () => {
    expect(judgeTurn(gathered({ relay: true, errors: [701] })).key).toBe('turnGood')
    expect(judgeTurn(gathered({ errors: [401] })).key).toBe('turnSecret')
    // The same browser tells of both where it tried two addresses of the server.
    expect(judgeTurn(gathered({ errors: [701, 401] })).key).toBe('turnSecret')
    expect(judgeTurn(gathered({ errors: [701] })).key).toBe('turnUnreachable')
    expect(judgeTurn(gathered({ complete: false })).key).toBe('turnUnreachable')
    expect(judgeTurn(gathered()).key).toBe('turnNothing')
    expect(judgeTurn(gathered({ errors: [486] })).key).toBe('turnFull')
    expect(judgeTurn(gathered({ errors: [701, 403] }))).toMatchObject({
      key: 'turnRefused',
      values: { code: 403 },
    })
  })

  it('do not blame STUN where the device has the very address that the world sees', () => {
    expect(judgeStun(gathered({ srflx: true })).key).toBe('stunGood')
    expect(judgeStun(gathered()).key).toBe('stunSame')
    expect(judgeStun(gathered({ errors: [701] })).key).toBe('stunUnreachable')
    expect(judgeStun(gathered({ complete: false })).key).toBe('stunUnreachable')
    expect(judgeStun(null)).toEqual({ level: 'note', key: 'stunNone' })
  })

  it('say what a line carries', () => {
    const key = (more: Partial<PathMeasure>) => judgePath({ ...path, ...more }).key
    expect(key({})).toBe('pathRelayGood')
    expect(key({ way: 'direct' })).toBe('pathDirectGood')
    expect(key({ connected: false })).toBe('pathRelayNone')
    expect(key({ connected: false, way: 'direct' })).toBe('pathDirectNone')
    expect([0.02, 0.021, 0.1, 0.101].map((lost) => key({ lost }))).toEqual([
      'pathRelayGood',
      'pathLossy',
      'pathLossy',
      'pathBad',
    ])
    expect([99, 100, 599, 600].map((kilobitsPerSecond) => key({ kilobitsPerSecond }))).toEqual([
      'pathBad',
      'pathNarrow',
      'pathNarrow',
      'pathRelayGood',
    ])
    expect(key({ roundTripMs: 401 })).toBe('pathSlow')
    expect(key({ roundTripMs: null })).toBe('pathBad')
  })

  it('take a missing media server for a choice and a silent one for a fault', () => {
    expect(judgeMediaServers({ configured: 0, up: 0 }).level).toBe('note')
    expect(judgeMediaServers({ configured: 2, up: 0 })).toMatchObject({ level: 'fault', key: 'sfuDown' })
    expect(judgeMediaServers({ configured: 2, up: 1 }).level).toBe('warning')
    expect(judgeMediaServers({ configured: 2, up: 2 }).level).toBe('good')
  })

  it('tell a lost server from one without calls and from a blocked socket', () => {
    expect(judgeServer({ status: 'offline', transport: null, answerMs: null }).key).toBe('serverOffline')
    expect(judgeServer({ status: 'online', transport: 'socket', answerMs: null }).key).toBe('serverNoCalls')
    expect(judgeServer({ status: 'online', transport: 'poll', answerMs: 9 }).level).toBe('warning')
    expect(judgeServer({ status: 'online', transport: 'socket', answerMs: 9.4 })).toEqual({
      level: 'good',
      key: 'serverGood',
      values: { ms: 9 },
    })
  })

  it('are summed up by the worst, where a closed way to the relay weighs less beside an open one', () => {
    const of = (
      ...steps: readonly (readonly [string, 'good' | 'note' | 'warning' | 'fault' | 'skipped'])[]
    ) => overall(steps.map(([name, level]) => ({ name, verdict: { level, key: 'skipped' } })))
    expect(of()).toBe('skipped')
    expect(of(['camera', 'skipped'], ['page', 'good'])).toBe('good')
    expect(of(['page', 'good'], ['sfu', 'note'])).toBe('note')
    expect(of(['camera', 'fault'], ['stun', 'warning'])).toBe('fault')
    expect(of(['turn', 'good'], ['turn', 'fault'])).toBe('warning')
    expect(of(['turn', 'fault'], ['turn', 'fault'])).toBe('fault')
    expect(of(['turn', 'good'], ['camera', 'fault'])).toBe('fault')
  })
})

const credentials = { username: '1700:ann', credential: 'very secret' }
const servers = [
  { urls: ['stun:turn.example:3478'] },
  {
    urls: ['turn:turn.example:3478', 'turn:turn.example:3478?transport=tcp', 'turns:turn.example:5349'],
    ...credentials,
  },
]

it('tries every way to a relay by itself', () => {
  const { stun, turn } = splitServers(servers)
  expect(stun).toEqual(['stun:turn.example:3478'])
  expect(turn.map(({ transport }) => transport)).toEqual(['udp', 'tcp', 'tls'])
  expect(turn[2]).toEqual({ url: 'turns:turn.example:5349', transport: 'tls', ...credentials })
})

describe('the test', () => {
  function portOf(changes: Partial<TestPort> = {}): { port: TestPort; paths: (readonly string[])[] } {
    const paths: (readonly string[])[] = []
    return {
      paths,
      port: {
        page: () => ({ secure: true, webRtc: true }),
        camera: async () => picture,
        microphone: async () => ({ peak: 0.1, label: '' }),
        speakers: async () => true,
        server: async () => ({
          measure: { status: 'online', transport: 'socket', answerMs: 5 },
          servers: { ice_servers: servers, media_servers: { configured: 1, up: 1 } },
        }),
        stun: async () => gathered({ srflx: true }),
        turn: async () => gathered({ relay: true }),
        path: async (turn) => {
          paths.push(turn.map(({ url }) => url))
          return path
        },
        ...changes,
      },
    }
  }
  async function run(changes: Partial<TestPort> = {}, signal = new AbortController().signal) {
    const told: (readonly Step[])[] = []
    const { port, paths } = portOf(changes)
    await runTest(port, (steps) => told.push(steps), signal)
    const last = told.at(-1) ?? []
    return { told, paths, last, keys: last.map(({ verdict }) => verdict?.key) }
  }

  it('goes through everything in order and tells of each step when it begins and when it ends', async () => {
    const { told, keys, paths } = await run()
    expect(keys).toEqual([
      'pageGood',
      'cameraGood',
      'microphoneGood',
      'speakersGood',
      'serverGood',
      'stunGood',
      'turnGood',
      'turnGood',
      'turnGood',
      'pathRelayGood',
      'sfuGood',
    ])
    expect(told.map((steps) => steps.findLast(() => true)?.verdict === null)).toEqual(
      Array.from({ length: 22 }, (_, index) => index % 2 === 0),
    )
    expect(paths).toEqual([splitServers(servers).turn.map(({ url }) => url)])
  })

  it('sends through the ways that work, and without a relay where none does', async () => {
    const blocked = await run({ turn: async ({ transport }) => gathered({ relay: transport === 'tls' }) })
    expect(blocked.paths).toEqual([['turns:turn.example:5349']])
    const none = await run({ turn: async () => gathered({ errors: [401] }) })
    expect(none.keys.filter((key) => key === 'turnSecret')).toHaveLength(3)
    expect(none.paths).toEqual([[]])
  })

  it('goes on after a fault, and leaves out what cannot be known', async () => {
    const { keys } = await run({
      page: () => ({ secure: false, webRtc: false }),
      server: async () => ({
        measure: { status: 'online', transport: 'socket', answerMs: null },
        servers: null,
      }),
    })
    expect(keys).toEqual([
      'pageInsecure',
      'skipped',
      'skipped',
      'speakersGood',
      'serverNoCalls',
      'skipped',
      'skipped',
      'skipped',
      'skipped',
    ])
  })

  it('ends where it was given up, without a word', async () => {
    const control = new AbortController()
    const { told, last } = await run(
      {
        camera: async () => {
          control.abort()
          throw control.signal.reason
        },
      },
      control.signal,
    )
    expect(last.at(-1)).toEqual({ name: 'camera', verdict: null })
    expect(told).toHaveLength(3)
  })
})

it('the report says everything and no secret', () => {
  const text = reportOf({ title: 'Test', facts: [['When', 'now']] }, [
    { title: 'Relay over TLS', detail: 'turns:turn.example:5349', level: 'fault', sentence: 'Wrong secret.' },
    { title: 'Camera', detail: '', level: 'good', sentence: 'It works.' },
  ])
  expect(text).toBe(
    'Test\nWhen: now\n\n[fault] Relay over TLS (turns:turn.example:5349)\nWrong secret.\n\n[good] Camera\nIt works.\n',
  )
})
