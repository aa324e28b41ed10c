import { lookup } from 'node:dns/promises'
import { isPrivateAddress } from '@parley/adapters/push/is-private-address'
import { measureRelay } from '@parley/adapters/turn/measure-relay'
import { StunTrouble } from '@parley/adapters/turn/stun-trouble'
import { allocate, type TurnAllocation } from '@parley/adapters/turn/turn-client'
import type { IceUrl } from '@parley/protocol/ice-url'
import { turnCredentials } from '@parley/services/calls/ice-servers'
import { bad, good, poor, type Verdict } from '../../doctor/finding.ts'
import type { CallTools } from './call-tools.ts'
import { explainTrouble } from './explain-trouble.ts'
import { judgeFigures, judgePeers, judgeRelayed } from './judge-relay.ts'

export interface TurnTools extends CallTools {
  readonly secret: string
}

/** As the name of who allocates, it shows in the server's log. */
const USER = 'parley-doctor'
const FORBIDDEN = 403
/** By the protocol 441, by coturn 401 whatever is wrong with name or password. */
const WRONG_CREDENTIALS = [401, 441]
/** Five years: longer than any clock is wrong, and within the 31 bits in which coturn compares times. */
const FOR_EVER_S = 5 * 365 * 24 * 60 * 60

/** What nobody may reach through a relay: its own machine, its network, and where clouds keep their keys. */
const PRIVATE_PEERS = {
  4: ['127.0.0.1', '10.0.0.1', '172.16.0.1', '192.168.0.1', '169.254.169.254', '100.64.0.1'],
  6: ['::1', 'fd00::1', 'fe80::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1'],
}
/** A root name server stands for the internet. A permission alone sends it nothing. */
const PUBLIC_PEER = '198.41.0.4'

export async function examineTurn(url: IceUrl, tools: TurnTools): Promise<Verdict> {
  const taken: TurnAllocation[] = []
  const take = async (family: 4 | 6 = 4, lifetimeS?: number): Promise<TurnAllocation> => {
    const nowMs = tools.clock.now()
    const credentials = turnCredentials({
      user: USER,
      secret: tools.secret,
      nowMs,
      ...(lifetimeS === undefined ? {} : { lifetimeS }),
    })
    const allocation = await allocate(url, { ...tools, ...credentials, family })
    taken.push(allocation)
    return allocation
  }
  try {
    return await examineAllocation(url, tools, take)
  } catch (error) {
    if (!(error instanceof StunTrouble)) throw error
    return bad(
      WRONG_CREDENTIALS.includes(error.code ?? 0)
        ? await explainCredentials(error, () => take(4, FOR_EVER_S))
        : explainTrouble(error, url),
    )
  } finally {
    await Promise.all(taken.map((allocation) => allocation.release()))
  }
}

type Take = (family?: 4 | 6) => Promise<TurnAllocation>

async function examineAllocation(url: IceUrl, tools: TurnTools, take: Take): Promise<Verdict> {
  const first = await take()
  const addresses = (await lookup(url.host, { all: true })).map(({ address }) => address)
  const isPublic = addresses.some((address) => !isPrivateAddress(address))
  const second = await take()
  const figures = await measureRelay(first, second, { ...tools, durationMs: tools.relayMs }).catch(
    (error: unknown) => {
      if (error instanceof StunTrouble && error.code === FORBIDDEN) return undefined
      throw error
    },
  )
  const verdicts = [
    first.open
      ? bad('it wants no credentials: everybody on the internet may relay there. Set use-auth-secret.')
      : good('our credentials are taken'),
    judgeRelayed(first.relayed.address, isPublic),
    judgePeers({
      reached: await findReached(first, take),
      publicReached: await isReached(first, PUBLIC_PEER),
      isPublic,
    }),
    figures === undefined
      ? bad(
          `two people who both need the relay cannot meet: it refuses its own address. Add allowed-peer-ip=${first.relayed.address} to turnserver.conf.`,
        )
      : judgeFigures(figures),
  ]
  return join(verdicts)
}

/** The addresses of `PRIVATE_PEERS` that it lets us reach; its own one people must reach, to meet there. */
async function findReached(ipv4: TurnAllocation, take: Take): Promise<string[]> {
  // Most servers have no IPv6 to relay from.
  const ipv6 = await take(6).catch(() => undefined)
  const asked = [
    ...PRIVATE_PEERS[4].map((peer) => [ipv4, peer] as const),
    ...(ipv6 === undefined ? [] : PRIVATE_PEERS[6].map((peer) => [ipv6, peer] as const)),
  ]
  const reached = await Promise.all(
    asked
      .filter(([relay, peer]) => relay.relayed.address !== peer)
      .map(async ([relay, peer]) => ((await isReached(relay, peer)) ? [peer] : [])),
  )
  return reached.flat()
}

/** Rejects when it does not answer: that is no refusal. */
async function isReached(relay: TurnAllocation, peer: string): Promise<boolean> {
  try {
    await relay.permit(peer)
    return true
  } catch (error) {
    if (error instanceof StunTrouble && error.kind === 'refused') return false
    throw error
  }
}

/** coturn says the same of a wrong password and of one that is over; one that never is over tells them apart. */
async function explainCredentials(
  trouble: StunTrouble,
  takeForEver: () => Promise<unknown>,
): Promise<string> {
  const isLate = await takeForEver().then(
    () => true,
    () => false,
  )
  return isLate
    ? 'the server holds our credentials to be expired: its clock is many hours ahead of ours, or ours is behind. Set both clocks (NTP).'
    : `the server refuses our credentials (${trouble.code} ${trouble.message}): PARLEY_TURN_SECRET must be static-auth-secret of its turnserver.conf, with use-auth-secret; restart it after a change.`
}

/** What is wrong before what is right; as bad as the worst. */
function join(verdicts: readonly Verdict[]): Verdict {
  const wrong = verdicts.filter(({ state }) => state !== 'good')
  if (wrong.length === 0) return good(verdicts.map(({ says }) => says).join('; '))
  const says = wrong.map((verdict) => verdict.says).join(' Also: ')
  return wrong.some(({ state }) => state === 'bad') ? bad(says) : poor(says)
}
