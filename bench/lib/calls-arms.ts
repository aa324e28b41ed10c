import { type Adaptation, measureAdaptation } from './calls-bitrate.ts'
import type { Duo } from './calls-duo.ts'
import { type FirstFrames, measureFirstFrames } from './calls-first-frame.ts'
import { type CallCosts, type Entered, measureCosts, measureEntering, openGroup } from './calls-group.ts'
import { measureRecovery, moved, outage, type Recovery } from './calls-recovery.ts'
import type { Stage } from './calls-stage.ts'

/** What `calls` measures, arm after arm; within one, subjects take turns. */

export const ARMS = ['first-frame', 'entering', 'recovery', 'bitrate', 'costs'] as const
export type Arm = (typeof ARMS)[number]

export interface CallsSpec {
  readonly arms: readonly Arm[]
  readonly options: Readonly<Record<string, number>>
}

/** What was measured, round after round, and why it was not. */
export interface Measured<T> {
  readonly label: string
  readonly rounds: T[]
  readonly reasons: string[]
}

export interface CallsResults {
  firstFrame?: Measured<FirstFrames>[]
  entering?: Measured<Entered>[]
  recovery?: { label: string; subjects: Measured<Recovery>[] }[]
  bitrate?: Measured<Adaptation>[]
  costs?: Measured<CallCosts>[]
}

/** More members than a mesh bears with pictures: its calls begin on the SFU. */
const SFU_PEOPLE = 6
const MESH_PEOPLE = 4

interface Run {
  readonly stage: Stage
  option(name: string): number
  say(line: string): void
}

export async function measureArms(
  { arms, options }: CallsSpec,
  stage: Stage,
  say: Run['say'],
): Promise<CallsResults> {
  const option = (name: string) => {
    const value = options[name]
    if (value === undefined) throw new Error(`there is no option ${name}`)
    return value
  }
  const run: Run = { stage, option, say }
  const has = (arm: Arm) => arms.includes(arm)
  return {
    ...(has('first-frame') ? { firstFrame: await measureClicks(run) } : {}),
    ...(has('entering') ? { entering: await measureGroup(run) } : {}),
    ...(has('recovery') ? { recovery: await measureChanges(run) } : {}),
    ...(has('bitrate') ? { bitrate: await measureLimits(run) } : {}),
    ...(has('costs') ? { costs: await measureServers(run) } : {}),
  }
}

async function measureClicks(run: Run): Promise<Measured<FirstFrames>[]> {
  const { bare, parley, browsers } = run.stage
  const relayed = { relayOnly: true }
  const duos = [
    await bare('bare', browsers),
    await parley('parley', browsers),
    await bare('bare-relayed', browsers, relayed),
    await parley('parley-relayed', browsers, relayed),
  ]
  return withDuos(duos, () =>
    inTurn(run, 'first frame', run.option('rounds'), duos.map(subject(measureFirstFrames)), 1),
  )
}

async function measureGroup(run: Run): Promise<Measured<Entered>[]> {
  const group = await openGroup(run.stage.engines, run.stage.browsers, SFU_PEOPLE)
  const third = {
    label: 'Parley through Janus, the third one',
    measure: () => measureEntering(group),
    renew: group.renew,
  }
  const measured = await inTurn(run, 'entering', run.option('rounds'), [third], 1)
  await group.close()
  return measured
}

async function measureChanges(run: Run): Promise<{ label: string; subjects: Measured<Recovery>[] }[]> {
  const { bare, parley, browsers, host } = run.stage
  const duos = [await bare('bare-changes', browsers), await parley('parley-changes', browsers)]
  const changes = [moved, outage(run.option('outage-seconds'))]
  return withDuos(duos, async () => {
    const all: { label: string; subjects: Measured<Recovery>[] }[] = []
    for (const change of changes) {
      const subjects = duos.map(subject((duo) => measureRecovery(duo, host, change)))
      const measured = await inTurn(run, change.label, run.option('change-rounds'), subjects)
      all.push({ label: change.label, subjects: measured })
    }
    return all
  })
}

async function measureLimits(run: Run): Promise<Measured<Adaptation>[]> {
  const { bare, parley, filming, host } = run.stage
  const plan = {
    kbits: run.option('limit-kbits'),
    settleSeconds: run.option('settle-seconds'),
    limitSeconds: run.option('limit-seconds'),
    afterSeconds: run.option('after-seconds'),
  }
  const duos = [await bare('bare-limits', filming), await parley('parley-limits', filming)]
  const take = (duo: Duo) => measureAdaptation(duo, host, plan)
  return withDuos(duos, () => inTurn(run, 'bitrate', run.option('limit-rounds'), duos.map(subject(take))))
}

async function measureServers(run: Run): Promise<Measured<CallCosts>[]> {
  const { mesh, engines, filming, janus } = run.stage
  const kinds = [
    { label: `mesh of ${MESH_PEOPLE}`, served: mesh, people: MESH_PEOPLE },
    { label: `Janus, ${SFU_PEOPLE} people`, served: engines, people: SFU_PEOPLE },
  ]
  const subjects = await Promise.all(
    kinds.map(async ({ label, served, people }) => {
      const group = await openGroup(served, filming, people)
      const pids = { parley: served.server.pid, janus: janus.pid }
      const measure = () => measureCosts(group, pids, run.option('cost-seconds'))
      return { label, measure, renew: group.renew, close: group.close }
    }),
  )
  const measured = await inTurn(run, 'costs', run.option('cost-rounds'), subjects)
  for (const { close } of subjects) await close()
  return measured
}

interface Subject<T> {
  readonly label: string
  measure(): Promise<T>
  /** After a round that failed. */
  renew(): Promise<void>
}

const subject =
  <T>(take: (duo: Duo) => Promise<T>) =>
  (duo: Duo): Subject<T> => ({ label: duo.label, measure: () => take(duo), renew: duo.renew })

async function withDuos<T>(duos: readonly Duo[], work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } finally {
    for (const duo of duos) await duo.close()
  }
}

/** Each in turn, round after round; `warmUps` before them are not counted. */
async function inTurn<T>(
  { say }: Run,
  what: string,
  rounds: number,
  subjects: readonly Subject<T>[],
  warmUps = 0,
): Promise<Measured<T>[]> {
  const all = subjects.map((one) => ({ ...one, rounds: [] as T[], reasons: [] as string[] }))
  for (let round = 1 - warmUps; round <= rounds; round++) {
    const where = `${what}, ${round < 1 ? 'warm-up' : `round ${round} of ${rounds}`}`
    for (const one of all) {
      try {
        const figures = await one.measure()
        if (round >= 1) one.rounds.push(figures)
        say(`${where}  ${one.label}: ${JSON.stringify(figures, shortened)}`)
      } catch (error) {
        const [reason] = String(error instanceof Error ? error.message : error).split('\n')
        one.reasons.push(`${where}: ${reason}`)
        say(`${where}  ${one.label}: ${error instanceof Error ? error.message : error}`)
        await one.renew()
      }
    }
  }
  return all.map(({ label, rounds: figures, reasons }) => ({ label, rounds: figures, reasons }))
}

const shortened = (_: string, value: unknown) =>
  typeof value === 'number' ? Number(value.toPrecision(4)) : value
