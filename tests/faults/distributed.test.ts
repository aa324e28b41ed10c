/**
 * What happens to the engines and processes of a whole deployment while people talk.
 *
 * What is away stays away for some seconds only; `FAULTS=full` takes the durations of the issue (half a minute without
 * Redis, a minute without RabbitMQ), and adds what is near to another fault; `PARLEY_FAULT_SEED` and
 * `PARLEY_FAULT_RUNS` choose the runs.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { expectStatus, type Person as RawPerson, signIn, signUp } from '../abuse/lib/people.ts'
import { connect } from '../abuse/lib/sockets.ts'
import { createPeople, type People } from '../scenarios/topology.ts'
import { type ClusterPart, startTestCluster, type TestCluster } from '../support/test-cluster.ts'
import { PATIENCE, runFault } from './audited.ts'
import { type Crowd, gatherCrowd, type Talk } from './crowd.ts'
import { emptyRedis, openOutbox, readQueues } from './engines.ts'
import { startHttpLoad } from './http-load.ts'
import { addAndTell, followMoves, untilAllOnline, watchPresence } from './noticing.ts'
import { Screens } from './screens.ts'
import { createRandom, type Random, seeds } from './seeds.ts'

const FULL = process.env.FAULTS === 'full'
const REDIS_AWAY_MS = FULL ? 30_000 : 4_000
const RABBITMQ_AWAY_MS = FULL ? 60_000 : 4_000
const FROZEN_MS = FULL ? 15_000 : 1_000
/** What is near enough to another fault to be left to the full run. */
const inFull = (name: string, body: () => Promise<void>): void => {
  if (FULL) it(name, body)
}
const TEST_MAX_MS = FULL ? 300_000 : 120_000
/** Enough for both gateways to have some of them. */
const MEMBERS = 6
const EVERY_MS = 200
/** What the issue promises of a gateway's clients. */
const MOVED_WITHIN_MS = 5_000
/** Without Redis the repairs of live delivery ask every second. */
const SLOWER_MAX_MS = 3_000
/** What the design promises of every stored entry. */
const SHOWN_WITHIN_MS = 5_000
const REVOKED_WITHIN_MS = 1_000
/** Without Redis every gateway asks for what was revoked every half a second. */
const REVOKED_WITHOUT_HINT_WITHIN_MS = 1_500
const ROLES = ['auth', 'sessions', 'rooms', 'ws', 'http'] as const

type Figures = Record<string, unknown>
const now = () => performance.now()
const since = (start: number) => Math.round(performance.now() - start)

vi.setConfig({ testTimeout: TEST_MAX_MS })

describe.each(seeds)('a whole deployment, seed %i', (seed) => {
  const random = createRandom(seed)
  let cluster: TestCluster
  let crowd: Crowd
  let people: People
  beforeAll(async () => {
    cluster = await startTestCluster()
    people = createPeople({ urls: [cluster.url] })
    crowd = await gatherCrowd({ server: cluster, urls: [cluster.url], size: MEMBERS, random })
  })
  afterAll(async () => {
    await crowd?.stop()
    await people?.stop()
    const end = await cluster?.stop()
    // Killed by us, or sent away by us; nothing ended by itself.
    const ends = cluster?.output().match(/ ended \(.*?\)/g) ?? []
    expect(ends.filter((how) => !/\((SIGKILL|0)\)/.test(how))).toEqual([])
    expect(end).toEqual({ code: 0, signal: null })
  })

  const run = (
    fault: string,
    inject: (talk: Talk, figures: Figures, random: Random) => Promise<number | undefined> | Promise<void>,
    finish?: (figures: Figures, talk: Talk) => Promise<void>,
  ) => audit({ fault, seed, crowd, inject, finish })

  it('a gateway killed: its people are on the other one within five seconds', async () => {
    await run('gateways_killed', async (talk, figures) => {
      const moves: { clients: number; moved_ms: number }[] = []
      figures.moves = moves
      for (let gateway = 0; gateway < 2; gateway++) {
        const back = cluster.killAndAwait('ws', 0)
        const returned = followMoves(crowd.members, talk, back)
        const moved = (await returned).filter((ms) => ms !== undefined)
        moves.push({ clients: moved.length, moved_ms: Math.max(...moved) })
        await back
      }
      for (const { clients, moved_ms } of moves) {
        expect(clients).toBeGreaterThan(0)
        expect(moved_ms).toBeLessThanOrEqual(MOVED_WITHIN_MS)
      }
      expect(Math.min(...moves.map(({ clients }) => clients))).toBeLessThan(MEMBERS)
    })
  })

  it('Redis emptied: nobody notices, and who is online is known again', async () => {
    await run(
      'redis_emptied',
      async (talk, figures, random) => {
        const screens = new Screens(talk)
        const from = now()
        for (let time = 0; time < 3; time++) {
          await delay(random.between(100, 500))
          await emptyRedis(cluster)
        }
        const healedAt = now()
        figures.presence_ms = await untilAllOnline(crowd.members)
        figures.delivery = screens.delivery(from, now())
        screens.end()
        return healedAt
      },
      nobodyWasGone,
    )
  })

  it('Redis frozen: talk goes on a second slower, also for people who come and are added meanwhile', async () => {
    await run(
      'redis_frozen',
      async (talk, figures) => {
        const screens = new Screens(talk)
        const late = await people.join('late')
        const from = now()
        await cluster.signal('redis', 'SIGSTOP')
        try {
          figures.added_ms = await addAndTell(talk, late)
          const startedAt = now()
          const newcomer = await people.join('newcomer')
          figures.joined_ms = since(startedAt)
          figures.newcomer_ms = await addAndTell(talk, newcomer)
          await delay(Math.max(0, REDIS_AWAY_MS - (now() - from)))
        } finally {
          await cluster.signal('redis', 'SIGCONT')
        }
        const healedAt = now()
        figures.away_ms = since(from)
        figures.presence_ms = await untilAllOnline(crowd.members)
        await talk.shownToAll(talk.latest)
        const { median_ms, max_ms } = screens.delivery(from, healedAt)
        Object.assign(figures, { delivery: { median_ms, max_ms }, sending: screens.sending(from, healedAt) })
        screens.end()
        expect(median_ms).toBeLessThan(SLOWER_MAX_MS)
        expect(max_ms).toBeLessThan(SHOWN_WITHIN_MS)
        return healedAt
      },
      nobodyWasGone,
    )
  })

  it('Redis killed: it is started again, and nobody has noticed', async () => {
    await run(
      'redis_killed',
      async (talk, figures) => {
        const screens = new Screens(talk)
        const from = now()
        await cluster.killAndAwait('redis')
        // It may have been back before anybody wrote a word.
        await talk.flow(4)
        const healedAt = now()
        figures.presence_ms = await untilAllOnline(crowd.members)
        await talk.shownToAll(talk.latest)
        figures.delivery = screens.delivery(from, healedAt)
        screens.end()
        return healedAt
      },
      nobodyWasGone,
    )
  })

  it('RabbitMQ frozen: nobody notices, and its work is done afterwards', async () => {
    await run(
      'rabbitmq_frozen',
      (talk, figures) =>
        withoutRabbitMq(talk, figures, async () => {
          await cluster.signal('rabbitmq', 'SIGSTOP')
          await delay(RABBITMQ_AWAY_MS).finally(() => cluster.signal('rabbitmq', 'SIGCONT'))
        }),
      nothingIsDead,
    )
  })

  inFull('RabbitMQ killed: it is started again, and its work is done afterwards', async () => {
    await run(
      'rabbitmq_killed',
      (talk, figures) => withoutRabbitMq(talk, figures, () => cluster.killAndAwait('rabbitmq')),
      nothingIsDead,
    )
  })

  /** `fault` brings it and ends it. Resolves with the time at which it was over. */
  async function withoutRabbitMq(talk: Talk, figures: Figures, fault: () => Promise<void>): Promise<number> {
    const outbox = await openOutbox(cluster)
    const screens = new Screens(talk)
    const from = now()
    await talk.flow(10)
    const faultFrom = now()
    const over = fault()
    await delay(500)
    const word = `quagga${Math.floor(random() * 1e9)}`
    talk.say(0, ` ${word}`)
    await over
    const healedAt = now()
    const newest = await outbox.newest()
    figures.away_ms = Math.round(healedAt - faultFrom)
    figures.backlog_rows = await outbox.count(newest)
    figures.sending_before = screens.sending(from, faultFrom)
    figures.sending = screens.sending(faultFrom, healedAt)
    await expect.poll(() => outbox.count(newest), { timeout: 20_000, interval: 50 }).toBe(0)
    figures.worked_off_ms = since(healedAt)
    const owner = crowd.members[0]?.parley
    await expect
      .poll(async () => (await owner?.searchMessages({ query: word }))?.items.length, PATIENCE)
      .toBe(1)
    figures.found_ms = since(healedAt)
    screens.end()
    await outbox.close()
    return healedAt
  }

  async function nobodyWasGone(figures: Figures): Promise<void> {
    expect(figures.wrongly_gone).toBe(0)
  }

  async function nothingIsDead(figures: Figures): Promise<void> {
    const queues = await readQueues(cluster)
    figures.dead = queues.reduce((sum, queue) => sum + queue.dead, 0)
    expect(figures.dead).toBe(0)
  }

  it('PostgreSQL killed: it is started again, and sending goes on by itself', async () => {
    await run('postgres_killed', async (_talk, _figures, random) => {
      await delay(random.between(0, 200))
      await cluster.killAndAwait('postgres')
    })
  })

  it('each service killed, of rooms one after the other: what was asked of it is asked again', async () => {
    await run('services_killed', async (talk, figures) => {
      // Of rooms the one that started first, so each of them in turn: one of them has this room.
      for (const part of ['auth', 'sessions', 'rooms', 'rooms'] as const) {
        const screens = new Screens(talk)
        const from = now()
        await cluster.killAndAwait(part, 0)
        const healedAt = now()
        await talk.shownToAll(talk.latest)
        note(figures, part, { away_ms: since(from), sending: screens.sending(from, healedAt) })
        screens.end()
      }
    })
  })

  inFull('each role frozen for some seconds', async () => {
    await run('roles_frozen', async (talk, figures) => {
      for (const [part, which] of [...ROLES.map((role) => [role, 0] as const), ['rooms', 1] as const]) {
        const screens = new Screens(talk)
        const from = now()
        await freezePart(part, which)
        const healedAt = now()
        await talk.shownToAll(talk.latest)
        note(figures, part, { recovery_ms: since(healedAt), sending: screens.sending(from, healedAt) })
        screens.end()
      }
    })
  })

  async function freezePart(part: ClusterPart, which: number): Promise<void> {
    await cluster.signal(part, 'SIGSTOP', which)
    await delay(FROZEN_MS).finally(() => cluster.signal(part, 'SIGCONT', which))
  }

  it('every process of every role restarted, one after the other: no person sees an error', async () => {
    const errorsBefore = crowd.members.map(({ ledger }) => ledger.errors.length)
    const load = await startHttpLoad({ url: cluster.url, port: Number(new URL(cluster.url).port) })
    await run(
      'rolling_restart',
      async (talk, figures) => {
        for (const part of ROLES) {
          const processes = await cluster.pids(part)
          for (const pid of processes) {
            load.note(`with ${part} ${pid} restarted`)
            await cluster.killAndAwait(part, 0, 'SIGTERM')
          }
          figures[`${part}_processes`] = processes.length
        }
        await talk.shownToAll(talk.latest)
      },
      async (figures, talk) => {
        await load.stop()
        const failed = crowd.members.flatMap(({ parley }) =>
          parley
            .timeline(talk.room)
            .get()
            .items.filter((item) => item.type === 'message' && item.state === 'failed'),
        )
        const { answered: http, errors: http_errors, slowest } = load
        Object.assign(figures, { http, http_errors, slowest, failed_messages: failed.length })
        figures.socket_errors = crowd.members.flatMap(({ ledger }, who) =>
          ledger.errors.slice(errorsBefore[who]),
        )
        expect(figures).toMatchObject({ http_errors: [], failed_messages: 0, socket_errors: [] })
      },
    )
  })

  it.each(['up', 'emptied', 'frozen'])(
    'a device revoked while Redis is %s loses its sockets',
    async (redis) => {
      const target = { url: cluster.url, port: Number(new URL(cluster.url).port) }
      const victim = await signUp(target, 'victim')
      const stolen = await signIn(target, victim)
      // Spread over both gateways; revoking is asked of neither.
      const wires = await Promise.all([1, 2, 3, 4].map(() => connect(target, stolen)))
      const device = await currentDevice(stolen)
      if (redis === 'emptied') await emptyRedis(cluster)
      if (redis === 'frozen') await cluster.signal('redis', 'SIGSTOP')
      try {
        const startedAt = now()
        const answered = victim.ask('DELETE', `/auth/devices/${device}`).then((answer) => {
          expectStatus(answer, 204)
          return since(startedAt)
        })
        const ends = await Promise.all(
          wires.map(async ({ closed }) => ({ code: (await closed).code, ms: since(startedAt) })),
        )
        const closed_ms = Math.max(...ends.map(({ ms }) => ms))
        const answered_ms = await answered
        console.log(
          JSON.stringify({ fault: 'revoked', topology: 'distributed', redis, closed_ms, answered_ms }),
        )
        expect(ends.map(({ code }) => code)).toEqual(wires.map(() => 4003))
        expect(closed_ms).toBeLessThanOrEqual(
          redis === 'frozen' ? REVOKED_WITHOUT_HINT_WITHIN_MS : REVOKED_WITHIN_MS,
        )
      } finally {
        if (redis === 'frozen') await cluster.signal('redis', 'SIGCONT')
      }
    },
  )
})

function note(figures: Figures, part: string, found: object): void {
  figures[part] = [...((figures[part] as object[] | undefined) ?? []), found]
}

interface Audit {
  readonly fault: string
  readonly seed: number
  readonly crowd: Crowd
  readonly inject: (
    talk: Talk,
    figures: Figures,
    random: Random,
  ) => Promise<number | undefined> | Promise<void>
  readonly finish: ((figures: Figures, talk: Talk) => Promise<void>) | undefined
}

async function audit({ fault, seed, crowd, inject, finish }: Audit): Promise<void> {
  const figures: Figures = {}
  await runFault({
    fault,
    seed,
    crowd,
    topology: 'distributed',
    everyMs: EVERY_MS,
    figures: () => figures,
    async inject(talk, random) {
      const presence = await watchPresence(crowd.members)
      const healedAt = await inject(talk, figures, random)
      figures.wrongly_gone = presence.wronglyGone
      await finish?.(figures, talk)
      presence.end()
      return healedAt ?? undefined
    },
  })
}

async function currentDevice(person: RawPerson): Promise<string> {
  const { devices } = (await person.ask('GET', '/auth/devices')).body as {
    devices: { id: string; current: boolean }[]
  }
  return String(devices.find(({ current }) => current)?.id)
}
