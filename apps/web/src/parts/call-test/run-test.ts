/** The self-test of calls: one step after the other, each measured and judged. What measures is given, so that it can be tried. */
import type { MediaServers } from '@parley/protocol/calls'
import { splitServers } from './ice-urls.ts'
import {
  type CameraMeasure,
  type GatherMeasure,
  judgeCamera,
  judgeMediaServers,
  judgeMicrophone,
  judgePage,
  judgePath,
  judgeServer,
  judgeSpeakers,
  judgeStun,
  judgeTurn,
  type MicrophoneMeasure,
  type PageMeasure,
  type PathMeasure,
  type ServerMeasure,
  type TurnServer,
  type Verdict,
} from './verdicts.ts'

export type StepName =
  | 'page'
  | 'camera'
  | 'microphone'
  | 'speakers'
  | 'server'
  | 'stun'
  | 'turn'
  | 'path'
  | 'sfu'

export interface Step {
  readonly name: StepName
  /** Of TURN, which there may be several times. */
  readonly server?: Pick<TurnServer, 'url' | 'transport'>
  /** Null: it is being measured. */
  readonly verdict: Verdict | null
}

interface CallServers {
  readonly ice_servers: Parameters<typeof splitServers>[0]
  readonly media_servers: MediaServers
}

/** Measures; none of them rejects, except when the test was given up. */
export interface TestPort {
  page(): PageMeasure
  camera(): Promise<CameraMeasure>
  microphone(): Promise<MicrophoneMeasure>
  /** Plays a tone and asks whether it was heard. */
  speakers(): Promise<boolean | 'refused'>
  /** `servers` is null where there was no answer. */
  server(): Promise<{ readonly measure: ServerMeasure; readonly servers: CallServers | null }>
  stun(urls: readonly string[]): Promise<GatherMeasure>
  turn(server: TurnServer): Promise<GatherMeasure>
  /** Through the relay where there are servers, else as in a small call. */
  path(turn: readonly TurnServer[], stun: readonly string[]): Promise<PathMeasure>
}

const skipped: Verdict = { level: 'skipped', key: 'skipped' }

/** Tells the list of steps whenever it changes; ends early and silently when `signal` gives it up. */
export async function runTest(
  port: TestPort,
  tell: (steps: readonly Step[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const steps: Step[] = []
  const step = async (begin: Omit<Step, 'verdict'>, measure: () => Promise<Verdict>): Promise<Verdict> => {
    signal.throwIfAborted()
    const index = steps.push({ ...begin, verdict: null }) - 1
    tell([...steps])
    const verdict = await measure()
    signal.throwIfAborted()
    steps[index] = { ...begin, verdict }
    tell([...steps])
    return verdict
  }
  try {
    const page = await step({ name: 'page' }, async () => judgePage(port.page()))
    const able = page.level === 'good'
    // Without TLS there are no devices to be asked for.
    await step({ name: 'camera' }, async () => (able ? judgeCamera(await port.camera()) : skipped))
    await step({ name: 'microphone' }, async () =>
      able ? judgeMicrophone(await port.microphone()) : skipped,
    )
    await step({ name: 'speakers' }, async () => judgeSpeakers(await port.speakers()))
    const told: { servers: CallServers | null } = { servers: null }
    await step({ name: 'server' }, async () => {
      const { measure, servers } = await port.server()
      told.servers = servers
      return judgeServer(measure)
    })
    await network(port, told.servers, able, step)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

type RunStep = (begin: Omit<Step, 'verdict'>, measure: () => Promise<Verdict>) => Promise<Verdict>

async function network(
  port: TestPort,
  servers: CallServers | null,
  able: boolean,
  step: RunStep,
): Promise<void> {
  const asked = able && servers !== null
  const { stun, turn } = splitServers(asked ? servers.ice_servers : [])
  await step({ name: 'stun' }, async () =>
    asked ? judgeStun(stun.length === 0 ? null : await port.stun(stun)) : skipped,
  )
  const working: TurnServer[] = []
  if (turn.length === 0)
    await step({ name: 'turn' }, async () => (asked ? { level: 'warning', key: 'turnNone' } : skipped))
  for (const server of turn) {
    const { url, transport } = server
    const verdict = await step({ name: 'turn', server: { url, transport } }, async () =>
      judgeTurn(await port.turn(server)),
    )
    if (verdict.level === 'good') working.push(server)
  }
  await step({ name: 'path' }, async () => (asked ? judgePath(await port.path(working, stun)) : skipped))
  await step({ name: 'sfu' }, async () =>
    servers === null ? skipped : judgeMediaServers(servers.media_servers),
  )
}
