/** Browsers behind nginx, on gateways of their own; their calls by real TURN and real media servers. */
import { createJanusServer } from '@parley/adapters/janus/create-janus-server'
import { systemClock } from '@parley/contracts'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type JanusServer, startJanus } from '../support/janus-server.ts'
import { startTestCluster, type TestCluster } from '../support/test-cluster.ts'
import { startTurnServer, type TurnServer } from '../support/turn-server.ts'
import {
  answer,
  awaitPictures,
  call,
  caller,
  expectStory,
  group,
  hangUp,
  inCall,
  received,
  relayOnly,
} from './call-kit.ts'
import { chatRow, composer, direct, eventually, message, write } from './screen.ts'
import { openStageOn, type Stage, type Visitor } from './support.ts'

/** From the kill of a gateway until its clients sit on the other. */
const MOVED_WITHIN_MS = 5_000

/** From a fault in a call until everybody sees everybody again. */
const CALL_BACK_WITHIN_MS = 5_000

const NAMES = ['ann', 'ben', 'carl', 'dora', 'emma', 'finn']
/** Nobody looks at them, but all of it is drawn. */
const SCREEN = { width: 720, height: 480 }

let stage: Stage<TestCluster>
let turn: TurnServer
let januses: JanusServer[]
let ann: Visitor
let ben: Visitor
let room: string
beforeAll(async () => {
  ;[turn, ...januses] = await Promise.all([startTurnServer(), startJanus(), startJanus()])
  const env = {
    PARLEY_WEB: 'on',
    PARLEY_TURN_URLS: turn.urls.udp,
    PARLEY_TURN_SECRET: turn.secret,
    PARLEY_JANUS_URLS: januses.map(({ url }) => url).join(),
    PARLEY_JANUS_SECRET: januses[0]?.secret ?? '',
  }
  stage = await openStageOn(() => startTestCluster(env))
  ann = await stage.person('ann')
  ben = await stage.person('ben')
  room = await direct(ann, ben)
})
afterAll(async () => {
  await stage.close()
  await Promise.all([turn, ...januses].map((engine) => engine.stop()))
})

async function connectionsOf(url: string): Promise<number> {
  const text = await fetch(`${url}/metrics`).then((response) => response.text())
  return Number(/^parley_connections (\d+)/m.exec(text)?.[1] ?? Number.NaN)
}

it('they sit on different gateways, and talk, type, read and see each other', async () => {
  await eventually(async () =>
    Promise.all((await stage.server.gateways()).map(({ url }) => connectionsOf(url))),
  ).toEqual([1, 1])

  await ann.page.goto(`/r/${room}`)
  await ben.page.goto('/people')
  await eventually(async () =>
    Promise.all((await stage.server.gateways()).map(({ url }) => connectionsOf(url))),
  ).toEqual([1, 1])
  await write(ann.page, 'Are you there?')
  await message(ann.page, 'Are you there?').getByTitle('Delivered').waitFor()
  await chatRow(ben.page, 'ann').click()
  await message(ann.page, 'Are you there?').getByTitle('Read').waitFor()
  await composer(ben.page).pressSequentially('Yes')
  await ann.page.getByText('ben is typing…').waitFor()
  await composer(ben.page).press('Enter')
  await message(ann.page, 'Yes').waitFor()
  await ann.page.getByText('Online', { exact: true }).first().waitFor()
})

it('killing either gateway moves its people to the other within 5 s, and nothing is lost or doubled', async () => {
  await ben.page.goto(`/r/${room}`)
  const said = ['Are you there?', 'Yes']
  for (const { pid } of await stage.server.gateways()) {
    const killedAt = performance.now()
    process.kill(pid, 'SIGKILL')
    // Whoever was on it writes without waiting, and so does whoever was not.
    const [one, other] = [`ann after ${pid}`, `ben after ${pid}`]
    await Promise.all([write(ann.page, one), write(ben.page, other)])
    await Promise.all([message(ben.page, one).waitFor(), message(ann.page, other).waitFor()])
    const tookMs = Math.round(performance.now() - killedAt)
    console.log(JSON.stringify({ fault: 'gateway killed', topology: 'two browsers', recovery_ms: tookMs }))
    expect(tookMs).toBeLessThanOrEqual(MOVED_WITHIN_MS)
    said.push(one, other)
    await eventually(
      async () => (await stage.server.gateways()).every((gateway) => gateway.pid > 0),
      20_000,
    ).toBe(true)
  }
  for (const { page } of [ann, ben]) {
    for (const text of said) expect(await message(page, text).count(), text).toBe(1)
  }
})

describe('calls', () => {
  let people: Visitor[]
  const invite = async (count: number): Promise<void> => {
    people = await Promise.all(NAMES.slice(0, count).map((name) => caller(stage, name, SCREEN)))
    const contexts = people.map(({ context }) => context)
    onTestFinished(async () => void (await Promise.all(contexts.map((context) => context.close()))))
  }

  it('two who hide their addresses see each other through the relay, and through nothing else', async () => {
    await invite(2)
    const [ann, ben] = await Promise.all(people.map(relayOnly))
    if (ann === undefined || ben === undefined) throw new Error('two are needed')
    const pair = await direct(ann, ben)
    await call(ann, pair, 'Video call')
    await answer(ben.page)
    await Promise.all([awaitPictures(ann.page, 1), awaitPictures(ben.page, 1)])
    for (const { page } of [ann, ben]) expect((await received(page)).ways).toEqual(['relay'])
    await hangUp(ben.page)
    await inCall(ann.page).waitFor({ state: 'detached' })
    await expectStory(ann, pair, ['started', 'joined', 'joined', 'left', 'left', 'ended'])
  })

  it('six by a media server; a gateway, the role calls and the media server are killed, and everybody is back within 5 s', async () => {
    await invite(6)
    const [first, ...others] = people
    if (first === undefined) throw new Error('six are needed')
    const six = await group(first, ...others)
    await call(first, six, 'Video call')
    await Promise.all(others.map(({ page }) => answer(page)))
    await allSeeAll(60_000)

    // Two cores that run other tests beside it may not connect six browsers anew within that time.
    const stay = people.slice(0, 3)
    await Promise.all(people.filter((one) => !stay.includes(one)).map(({ page }) => hangUp(page)))
    people = stay
    await allSeeAll(20_000)

    const [gateway] = await stage.server.gateways()
    await survive('gateway killed', () => process.kill(gateway?.pid ?? 0, 'SIGKILL'))
    await survive('calls killed', async () => {
      for (const pid of await stage.server.pids('calls')) process.kill(pid, 'SIGKILL')
    })
    const [before] = await carrying()
    // Should this test be run again, there are two once more.
    onTestFinished(() => before?.restart())
    await survive('media server killed', () => before?.kill())
    expect(await carrying()).toEqual(januses.filter((janus) => janus !== before))

    await Promise.all(people.map(({ page }) => hangUp(page)))
    const all = [first, ...others]
    await expectStory(first, six, ['started', ...all.map(() => 'joined'), ...all.map(() => 'left'), 'ended'])
  })

  const allSeeAll = (timeout: number) =>
    Promise.all(people.map(({ page }) => awaitPictures(page, people.length - 1, timeout)))

  /** The media servers that somebody is on. */
  async function carrying(): Promise<JanusServer[]> {
    const peopleOf = async ({ url, secret }: JanusServer): Promise<number> => {
      const server = createJanusServer({ url, secret, clock: systemClock })
      const looked = await server.check().catch(() => ({ people: 0 }))
      server.close()
      return looked.people
    }
    const people = await Promise.all(januses.map(peopleOf))
    return januses.filter((_, at) => people[at] !== 0)
  }

  async function survive(fault: string, happen: () => unknown): Promise<void> {
    await happen()
    const tookMs = Math.max(...(await allSeeAll(20_000)))
    console.log(JSON.stringify({ fault, topology: `a call of ${people.length}`, recovery_ms: tookMs }))
    expect(tookMs).toBeLessThanOrEqual(CALL_BACK_WITHIN_MS)
  }
})
