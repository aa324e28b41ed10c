/** Calls by mesh, on the embedded topology: real browsers, whose cameras and microphones alone are not real. */
import { join as joinPath } from 'node:path'
import { DATABASE } from '@parley/adapters/embedded/postgres/initialise-cluster'
import { RING_MS } from '@parley/protocol/calls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ageCalls } from '../support/age-data.ts'
import { type PushEndpoint, startPushEndpoint } from '../support/push-endpoint.ts'
import { startTestServer } from '../support/test-server.ts'
import {
  answer,
  awaitPictures,
  call,
  caller,
  decline,
  expectLine,
  expectStory,
  group,
  hangUp,
  inCall,
  join,
  prepare,
  ringing,
} from './call-kit.ts'
import { direct, eventually } from './screen.ts'
import { openStageOn, type Stage, type Visitor } from './support.ts'

let pushes: PushEndpoint
let stage: Stage
let ann: Visitor
let ben: Visitor
let room: string
beforeAll(async () => {
  pushes = await startPushEndpoint()
  const env = { PARLEY_WEB: 'on', PARLEY_PUSH_PRIVATE_ORIGINS: pushes.origin }
  stage = await openStageOn(() => startTestServer({ env }))
  ;[ann, ben] = await Promise.all([caller(stage, 'ann'), caller(stage, 'ben')])
  room = await direct(ann, ben)
})
afterAll(async () => {
  await stage.close()
  await pushes.close()
})

it('rings on all pages, is answered on one and silent on the other; both see each other, a screen too, and the log tells it', async () => {
  const elsewhere = await ben.context.newPage()
  await elsewhere.goto('/')
  await call(ann, room, 'Video call')
  await ringing(elsewhere).waitFor()
  await answer(ben.page)
  await Promise.all([awaitPictures(ann.page, 1), awaitPictures(ben.page, 1)])
  await ringing(elsewhere).waitFor({ state: 'detached' })
  expect(await inCall(elsewhere).count()).toBe(0)

  await ann.page.getByRole('button', { name: 'Show your screen' }).click()
  await awaitPictures(ben.page, 2)
  await ann.page.getByRole('button', { name: 'Stop showing your screen' }).click()
  await awaitPictures(ben.page, 1)

  await ben.page.reload()
  await Promise.all([awaitPictures(ann.page, 1), awaitPictures(ben.page, 1)])
  await hangUp(ben.page)
  await inCall(ann.page).waitFor({ state: 'detached' })
  await expectStory(ann, room, ['started', 'joined', 'joined', 'left', 'left', 'ended'])
  await expectLine(ann.page, /^Outgoing video call/)
  await elsewhere.close()
})

it('both call each other at the same moment: it is one call', async () => {
  const confirms = await Promise.all([ann, ben].map((one) => prepare(one, room, 'Video call')))
  await Promise.all(confirms.map((confirm) => confirm()))
  await Promise.all([awaitPictures(ann.page, 1), awaitPictures(ben.page, 1)])
  await hangUp(ann.page)
  await inCall(ben.page).waitFor({ state: 'detached' })
})

it('declined, and busy: the caller is told which', async () => {
  await call(ann, room, 'Call')
  await decline(ben.page)
  await inCall(ann.page).waitFor({ state: 'detached' })
  await expectLine(ann.page, /ben declined/)

  const carl = await caller(stage, 'carl')
  const other = await direct(carl, ben)
  await call(ann, room, 'Call')
  await answer(ben.page)
  await inCall(ben.page).waitFor()
  await call(carl, other, 'Call')
  await expectLine(carl.page, /ben was in another call/)
  await expectStory(carl, other, ['started', 'joined', 'left', 'missed busy'])
  await hangUp(ann.page)
  await inCall(ben.page).waitFor({ state: 'detached' })
  await carl.context.close()
})

it('four by mesh; who is removed from the room is out of it, and the others go on', async () => {
  const [carl, dora] = await Promise.all([caller(stage, 'carl'), caller(stage, 'dora')])
  const four = await group(ann, ben, carl, dora)
  await call(ann, four, 'Video call')
  await Promise.all([ben, carl].map(({ page }) => answer(page)))
  await decline(dora.page)
  await join(dora, four)
  await Promise.all([ann, ben, carl, dora].map(({ page }) => awaitPictures(page, 3, 40_000)))
  await ann.api('DELETE', `/rooms/${four}/members/${dora.id}`)
  await inCall(dora.page).waitFor({ state: 'detached' })
  await Promise.all([ann, ben, carl].map(({ page }) => awaitPictures(page, 2)))
  await Promise.all([ann, ben, carl].map(({ page }) => hangUp(page)))
  await Promise.all([carl.context.close(), dora.context.close()])
})

it('nobody answers: it is missed, and who had closed everything is told by push, first that it rings', async () => {
  const device = await pushes.subscribe()
  const kinds = () => device.pushes.map(({ data }) => `${data.type} ${data.kind}`)
  await ben.api('PUT', '/push/subscription', { ...device.subscription, language: 'en' })
  await ben.page.goto('about:blank')
  await call(ann, room, 'Call')
  await eventually(kinds).toEqual(['show ring'])
  await ageCalls(
    { host: joinPath(stage.server.dataDirectory, 'postgres'), user: DATABASE, database: DATABASE },
    RING_MS,
  )
  await inCall(ann.page).waitFor({ state: 'detached' })
  await eventually(kinds).toContain('show call')
  await expectLine(ann.page, /no answer/)
})
