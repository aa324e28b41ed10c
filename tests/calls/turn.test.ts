/** The shipped configuration on a real coturn, and what `parley doctor calls` says of it and of broken ones. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { isPrivateAddress } from '@parley/adapters/push/is-private-address'
import { allocate, type TurnAllocation } from '@parley/adapters/turn/turn-client'
import { systemClock } from '@parley/contracts'
import { parseIceUrl } from '@parley/protocol/ice-url'
import { turnCredentials } from '@parley/services/calls/ice-servers'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { readSettings } from '../../apps/server/src/settings/read-settings.ts'
import type { CallTools } from '../../apps/server/src/topology/check-calls/call-tools.ts'
import { listCallExaminations } from '../../apps/server/src/topology/check-calls/list-call-examinations.ts'
import { runParley } from '../server/run-parley.ts'
import { freePort } from '../support/test-server.ts'
import { startTurnServer, type TurnServer } from '../support/turn-server.ts'

const SECRET = '0123456789abcdef'
const HAS_IPV6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1')
/** What is missing in the broken one: who may, and where to. */
const isGuard = (line: string) => /^(use-auth-secret|static-auth-secret|denied-peer-ip)/.test(line)

let turn: TurnServer
/** Anybody may relay to anywhere. */
let open: TurnServer
/** As shipped, without its own address among those allowed. */
let lonely: TurnServer
let tools: CallTools

beforeAll(async () => {
  ;[turn, open, lonely] = await Promise.all([
    startTurnServer({ lines: HAS_IPV6 ? ['relay-ip=::1'] : [] }),
    startTurnServer({ keepLine: (line) => !isGuard(line), lines: ['no-auth'] }),
    startTurnServer({ allowPeers: [] }),
  ])
  tools = {
    clock: systemClock,
    stopwatch: () => performance.now(),
    timeoutMs: 3_000,
    relayMs: 200,
    ca: await readFile(turn.certificate, 'utf8'),
  }
})

afterAll(() => Promise.all([turn.stop(), open.stop(), lonely.stop()]))

/** What the doctor says of each address, by the address. */
async function examine(
  urls: readonly string[],
  secret: string,
  changes: Partial<CallTools> = {},
): Promise<Record<string, string>> {
  const settings = readSettings({ PARLEY_TURN_URLS: urls.join(), PARLEY_TURN_SECRET: secret })
  const found: Record<string, string> = {}
  for (const { subject, run } of listCallExaminations(settings, { ...tools, ...changes })) {
    if (!urls.includes(subject)) continue
    const { state, says } = await run()
    found[subject] = `${state}: ${says}`
  }
  return found
}

async function allocateAt(server: TurnServer, family: 4 | 6): Promise<TurnAllocation> {
  const url = parseIceUrl(server.urls.udp)
  if (url === undefined) throw new Error('no URL')
  const allocation = await allocate(url, {
    ...tools,
    ...turnCredentials({ user: 'ann', secret: server.secret, nowMs: Date.now() }),
    family,
  })
  onTestFinished(() => allocation.release())
  return allocation
}

/** Both ends of what the shipped file refuses, and what lies beside. */
const EDGES = {
  4: `0.0.0.0 0.255.255.255 1.0.0.0 9.255.255.255 10.0.0.0 10.255.255.255 11.0.0.0 100.63.255.255 100.64.0.0
    100.127.255.255 100.128.0.0 126.255.255.255 127.0.0.1 127.255.255.255 128.0.0.0 169.253.255.255 169.254.0.0
    169.254.169.254 169.254.255.255 169.255.0.0 172.15.255.255 172.16.0.0 172.31.255.255 172.32.0.0 192.0.0.0
    192.0.0.255 192.0.1.0 192.0.3.0 192.88.98.255 192.88.99.0 192.88.99.255 192.88.100.0 192.167.255.255 192.168.0.0
    192.168.255.255 192.169.0.0 198.17.255.255 198.18.0.0 198.19.255.255 198.20.0.0 198.51.99.255 198.51.100.0
    198.51.100.255 198.51.101.0 203.0.112.255 203.0.113.0 203.0.113.255 203.0.114.0 223.255.255.255 224.0.0.0
    239.255.255.255 240.0.0.0 255.255.255.255 198.41.0.4`,
  6: `:: ::1 ::2 ::10.0.0.1 ::ffff:10.0.0.1 ::ffff:198.41.0.4 64:ff9b::a00:1 1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
    2000:: 2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2001:: 2001:0:ffff::1 2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff 2001:200::
    2001:503:ba3e::2:30 2001:db7:ffff:ffff:ffff:ffff:ffff:ffff 2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff
    2001:db9:: 2002:: 2002:a00:1:: 2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2003:: 2606:4700::1111 3ffe:ffff:: 3fff::
    3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff 3fff:1000:: 3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 4000:: fc00:: fd00::1
    fe80::1 fec0::1 ff02::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff`,
} as const

test('by UDP, TCP and TLS everything is right with the shipped file', async () => {
  const found = await examine(Object.values(turn.urls), turn.secret)
  expect(Object.keys(found)).toEqual(Object.values(turn.urls))
  for (const says of Object.values(found)) {
    // A busy machine may lose or delay packets. That they are relayed it cannot hide, and nothing else may be wrong.
    expect(says).toMatch(
      /^(good: our credentials are taken; relays from \S+; refuses addresses of its own network; |(poor|bad): )\d\.\d Mbit\/s, \d+\.\d % lost, [\d.]+ ms there and back/,
    )
  }
})

test('the shipped file refuses every address that is not of the internet, and no other one', async () => {
  const refused: string[] = []
  // Its own address is allowed, so that people meet there.
  const addressesOf = (family: 4 | 6) => EDGES[family].split(/\s+/).filter((one) => one !== turn.relayAddress)
  const families = HAS_IPV6 ? ([4, 6] as const) : ([4] as const)
  for (const family of families) {
    const allocation = await allocateAt(turn, family)
    for (const address of addressesOf(family))
      await allocation.permit(address).catch(({ code }: { code: number }) => {
        expect([address, code]).toEqual([address, 403])
        refused.push(address)
      })
  }
  expect(refused).toEqual(families.flatMap(addressesOf).filter(isPrivateAddress))
})

test('a server that asks nobody and refuses nothing is named as such', async () => {
  const { udp } = open.urls
  const found = await examine([udp], open.secret)
  expect(found[udp]).toMatch(/^bad: it wants no credentials.*use-auth-secret/)
  expect(found[udp]).toMatch(/can reach 10\.0\.0\.1, 172\.16\.0\.1, .*169\.254\.169\.254.*denied-peer-ip/)
})

test('a server in a private network that refuses its own address lacks allowed-peer-ip', async () => {
  const { tcp } = lonely.urls
  expect((await examine([tcp], lonely.secret))[tcp]).toBe(
    `bad: two people who both need the relay cannot meet: it refuses its own address. Add allowed-peer-ip=${lonely.relayAddress} to turnserver.conf.`,
  )
})

test('a wrong secret, and credentials that are over, are told apart', async () => {
  const urls = Object.values(turn.urls)
  const wrong = await examine(urls, SECRET)
  const dayBehind = { ...systemClock, now: () => Date.now() - 24 * 60 * 60 * 1_000 }
  const late = await examine(urls, turn.secret, { clock: dayBehind })
  for (const url of urls) {
    expect(wrong[url]).toMatch(/^bad: the server refuses our credentials \(401 .*PARLEY_TURN_SECRET must be/)
    expect(wrong[url]).not.toContain(SECRET)
    expect(late[url]).toMatch(/^bad: .*expired: its clock is many hours ahead/)
  }
})

test('a closed port, silence, another protocol, a strange certificate and a wrong name are named', async () => {
  const port = await freePort()
  const closed = {
    udp: `turn:127.0.0.1:${port}`,
    tcp: `turn:127.0.0.1:${port}?transport=tcp`,
    tls: `turns:localhost:${port}`,
  }
  const found = await examine([...Object.values(closed), 'turn:nowhere.invalid'], SECRET)
  expect(found[closed.udp]).toMatch(/^bad: nobody listens on port \d+ of 127.0.0.1 by UDP/)
  expect(found[closed.tcp]).toMatch(/^bad: nobody listens on port \d+ of 127.0.0.1 by TCP/)
  expect(found[closed.tls]).toMatch(/^bad: nobody listens on port \d+ of localhost by TLS/)
  expect(found['turn:nowhere.invalid']).toMatch(/^bad: the name nowhere.invalid has no address/)

  const silent = createSocket('udp4').bind(0, '127.0.0.1')
  const web = createServer((socket) => {
    socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    silent.close()
    web.close()
  })
  await Promise.all([once(silent, 'listening'), once(web, 'listening')])
  const webPort = (web.address() as { port: number }).port
  const urls = [
    `turn:127.0.0.1:${silent.address().port}`,
    `turn:127.0.0.1:${webPort}?transport=tcp`,
    `turns:127.0.0.1:${webPort}`,
    turn.urls.tls,
  ] as const
  const { ca: _, ...withoutCa } = tools
  const other = await examine(urls, SECRET, { timeoutMs: 300 })
  expect(other[urls[0]]).toMatch(/^bad: no answer from port \d+ of 127.0.0.1 by UDP/)
  expect(other[urls[1]]).toMatch(/^bad: what answers on port \d+ of 127.0.0.1 by TCP is no TURN server/)
  expect(other[urls[2]]).toMatch(/^bad: there is no TLS on port \d+/)
  const strange = listCallExaminations(
    readSettings({ PARLEY_TURN_URLS: turn.urls.tls, PARLEY_TURN_SECRET: turn.secret }),
    withoutCa,
  )
  expect((await strange.find(({ subject }) => subject === turn.urls.tls)?.run())?.says).toMatch(
    /^browsers will not believe its certificate \(self-signed/,
  )
})

test('a STUN server in our own network, and one that is not there', async () => {
  const { port } = parseIceUrl(turn.urls.udp) ?? { port: 0 }
  const [here, away] = [`stun:127.0.0.1:${port}`, `stun:127.0.0.1:${await freePort()}`]
  const settings = readSettings({ PARLEY_STUN_URLS: `${here},${away}` })
  const found = await Promise.all(listCallExaminations(settings, tools).map(({ run }) => run()))
  const byUrl = new Map(found.map(({ subject, state, says }) => [subject, `${state}: ${says}`]))
  expect(byUrl.get(here)).toMatch(
    /^poor: answers; it sees us as 127\.0\.0\.1, which is no address of the internet/,
  )
  expect(byUrl.get(away)).toMatch(/^bad: nobody listens on/)
})

test('the command ends with 1 when something is broken, and with 0 and plain words when nothing is set', async () => {
  const url = `turn:127.0.0.1:${await freePort()}?transport=tcp`
  const [nothing, broken] = await Promise.all([
    runParley(['doctor', 'calls'], {}),
    runParley(['doctor', 'calls', '--turn-urls', url], {
      PARLEY_TURN_SECRET: SECRET,
      PARLEY_PUBLIC_URL: 'http://chat.example.org',
    }),
  ])
  expect(nothing).toMatchObject({ code: 0, errors: '' })
  expect(nothing.output).toMatch(/^hint {2}TURN +none is set: calls work inside one network\./m)
  expect(nothing.output).toMatch(/^ok {4}Janus +none is set: calls have up to 4 people with pictures/m)
  expect(broken).toMatchObject({ code: 1, errors: '' })
  expect(broken.output).toMatch(/^BAD {3}HTTPS +http:\/\/chat\.example\.org is not encrypted/m)
  expect(broken.output).toMatch(/^BAD {3}turn:127\.0\.0\.1:\d+\?transport=tcp {2}nobody listens/m)
  expect(broken.output).toMatch(/^hint {2}TURN by TLS +none of the addresses is a turns: one/m)
  expect(broken.output).toContain('2 things have to be mended first.')
  expect(broken.output).not.toContain(SECRET)
})
