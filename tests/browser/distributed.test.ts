/** Two browsers behind nginx, each on a gateway of its own. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestCluster, type TestCluster } from '../support/test-cluster.ts'
import { chatRow, composer, direct, eventually, message, write } from './screen.ts'
import { openStageOn, type Stage, type Visitor } from './support.ts'

/** From the kill of a gateway until its clients sit on the other. */
const MOVED_WITHIN_MS = 5_000

let stage: Stage<TestCluster>
let ann: Visitor
let ben: Visitor
let room: string
beforeAll(async () => {
  stage = await openStageOn(() => startTestCluster({ PARLEY_WEB: 'on' }))
  ann = await stage.person('ann')
  ben = await stage.person('ben')
  room = await direct(ann, ben)
})
afterAll(() => stage.close())

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
