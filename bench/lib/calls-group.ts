import { setTimeout as delay } from 'node:timers/promises'
import { count, poll, seen } from './calls-browser.ts'
import {
  answerButton,
  closePeople,
  enterRoom,
  leaveCall,
  openPerson,
  openRoom,
  type Person,
  startCall,
} from './calls-parley.ts'
import type { Pair, Served } from './calls-stage.ts'
import { cpuByProcess, residentBytes } from './processes.ts'

/** Calls of more than two: entering one, and what one costs the servers. */

/** What a tile in a grid of six has; it leaves the two cores of a small machine room for all these browsers. */
const CAMERA = { width: 320, height: 180, frameRate: 10 } as const
const PICTURES_MAX_MS = 40_000
const SETTLE_MS = 5_000

/** People in a room. */
interface Present {
  readonly people: readonly Person[]
  readonly url: string
}

export interface Group extends Present {
  /** After a round that failed, in which they may be in a call still: other people, in another room. */
  renew(): Promise<void>
  close(): Promise<void>
}

/** The first half of them share one browser, the others have the other one. */
export async function openGroup({ origin }: Served, browsers: Pair, size: number): Promise<Group> {
  const gather = async (): Promise<Present> => {
    const people: Person[] = []
    for (let i = 0; i < size; i++)
      people.push(await openPerson(origin, browsers[i < size / 2 ? 0 : 1], { video: CAMERA }))
    return { people, url: `${origin}/r/${await openRoom(people)}` }
  }
  let present = await gather()
  return {
    get people() {
      return present.people
    },
    get url() {
      return present.url
    },
    async renew() {
      await closePeople(present.people)
      present = await gather()
    },
    close: () => closePeople(present.people),
  }
}

async function open({ people, url }: Present): Promise<void> {
  for (const person of people) await enterRoom(person, url)
}

/** All are in the room; the first one calls, and the others answer. */
async function callAll([first, ...others]: readonly Person[]): Promise<void> {
  if (first === undefined) throw new Error('nobody is there')
  await startCall(first)
  for (const person of others) await answerButton(person).click()
}

async function leave(people: readonly Person[]): Promise<void> {
  for (const person of people) await leaveCall(person)
}

const awaitPictures = ({ page }: Person, pictures: number) =>
  poll(
    `a picture of each of ${pictures}`,
    PICTURES_MAX_MS,
    () => seen(page),
    ({ decodedAt }) => decodedAt.length >= pictures,
  )

/** Milliseconds from the click on "answer" of the last one until somebody is seen, and until everybody is. */
export interface Entered {
  readonly first: number
  readonly all: number
}

/** A third one enters a call in which two are. */
export async function measureEntering({ people, url }: Present): Promise<Entered> {
  const last = people.at(-1)
  if (last === undefined) throw new Error('nobody is there')
  const there = people.slice(0, 2)
  await open({ people: [...there, last], url })
  await callAll(there)
  for (const person of there) await awaitPictures(person, 1)
  await answerButton(last).click()
  const { clickedAt, decodedAt } = await awaitPictures(last, there.length)
  await leave([last, ...there])
  const times = decodedAt.map((at) => at - (clickedAt ?? Number.NaN))
  return { first: Math.min(...times), all: Math.max(...times) }
}

interface Cost {
  /** Of one core. */
  readonly cpu: number
  readonly residentBytes: number
}

export interface Costs {
  readonly parley: Cost
  readonly database: Pick<Cost, 'cpu'>
  readonly janus: Cost
}

export interface CallCosts {
  readonly people: number
  readonly idle: Costs
  readonly call: Costs
  /** Pictures that all of them together decoded, per second. */
  readonly framesPerSecond: number
  /** Of them all; bits per second of video. */
  readonly receivedBits: number
}

/** What the servers use while these people are there and quiet, and while they are in a call. */
export async function measureCosts(
  group: Present,
  pids: { readonly parley: number; readonly janus: number },
  seconds: number,
): Promise<CallCosts> {
  await open(group)
  await delay(SETTLE_MS)
  const idle = await costsOver(pids, () => delay(seconds * 1000))
  await callAll(group.people)
  for (const person of group.people) await awaitPictures(person, group.people.length - 1)
  await delay(SETTLE_MS)
  const look = async () => Promise.all(group.people.map(({ page }) => count(page)))
  const before = await look()
  const call = await costsOver(pids, () => delay(seconds * 1000))
  const after = await look()
  await leave(group.people)
  const grown = (counter: 'framesDecoded' | 'bytesReceived') =>
    after.reduce((sum, counts, i) => {
      const earlier = before[i]
      if (earlier === undefined) return sum
      const grownBy = (counts[counter] ?? 0) - (earlier[counter] ?? 0)
      return sum + grownBy / ((counts.at - earlier.at) / 1000)
    }, 0)
  return {
    people: group.people.length,
    idle,
    call,
    framesPerSecond: grown('framesDecoded'),
    receivedBits: 8 * grown('bytesReceived'),
  }
}

async function costsOver(
  pids: { readonly parley: number; readonly janus: number },
  work: () => Promise<unknown>,
): Promise<Costs> {
  const used = () => ({ parley: cpuByProcess(pids.parley), janus: cpuByProcess(pids.janus) })
  const [from, before] = [performance.now(), used()]
  await work()
  const [ms, after] = [performance.now() - from, used()]
  const [database, server] = [isDatabase, (name: string) => !isDatabase(name)]
  return {
    parley: {
      cpu: grownMs(before.parley, after.parley, server) / ms,
      residentBytes: residentBytes(pids.parley),
    },
    database: { cpu: grownMs(before.parley, after.parley, database) / ms },
    janus: { cpu: grownMs(before.janus, after.janus, server) / ms, residentBytes: residentBytes(pids.janus) },
  }
}

const isDatabase = (name: string) => name.startsWith('postgres')

/** A process that ended meanwhile counts for nothing: what it used is not known. */
function grownMs(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  accept: (name: string) => boolean,
): number {
  let ms = 0
  for (const [name, used] of after) if (accept(name)) ms += used - (before.get(name) ?? 0)
  return ms
}
