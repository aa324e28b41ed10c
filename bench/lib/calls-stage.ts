import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { type JanusServer, startJanus } from '../../tests/support/janus-server.ts'
import { startTurnServer } from '../../tests/support/turn-server.ts'
import { openBareDuo, turnCredentials } from './calls-bare.ts'
import { openBrowser, type ProbeOptions } from './calls-browser.ts'
import { writeCamera } from './calls-camera.ts'
import type { Duo } from './calls-duo.ts'
import { type Host, LAB_NETWORK, openLab, SERVER_ADDRESS } from './calls-lab.ts'
import { openParleyDuo } from './calls-parley.ts'
import { type ParleyServer, startParley, startPeer } from './servers.ts'

/** Everything that the arms measure: two hosts with a browser each, the servers, the engines. */

export type Pair = readonly [Browser, Browser]

export interface Stage {
  /** Of the one who answers; the caller's network stays as it is. */
  readonly host: Host
  readonly browsers: Pair
  /** The same hosts, with cameras that are hard to compress. */
  readonly filming: Pair
  readonly mesh: Served
  /** With a TURN server and an SFU. */
  readonly engines: Served
  readonly janus: JanusServer
  bare(id: string, browsers: Pair, probe?: ProbeOptions): Promise<Duo>
  parley(id: string, browsers: Pair, probe?: ProbeOptions): Promise<Duo>
}

export interface Served {
  readonly origin: string
  readonly server: ParleyServer
}

/** `own` takes what ends a thing, as soon as there is one. */
export async function openStage(own: (stop: () => Promise<unknown>) => void): Promise<Stage> {
  const lab = await openLab()
  own(() => lab.close())
  const turn = await startTurnServer({
    allowPeers: [LAB_NETWORK],
    lines: [`listening-ip=${SERVER_ADDRESS}`],
  })
  own(() => turn.stop())
  const turnUrl = turn.urls.udp.replace('127.0.0.1', SERVER_ADDRESS)
  const janus = await startJanus({ secret: randomBytes(16).toString('hex') })
  own(() => janus.stop())
  const mesh = await serve(own, {})
  const engines = await serve(own, {
    PARLEY_TURN_URLS: turnUrl,
    PARLEY_TURN_SECRET: turn.secret,
    PARLEY_JANUS_URLS: janus.url,
    PARLEY_JANUS_SECRET: janus.secret,
  })
  const peer = await startPeer('bare-webrtc', [SERVER_ADDRESS], undefined)
  own(() => peer.stop())
  const bareOrigin = `http://${SERVER_ADDRESS}:${peer.port}`
  const origins = [mesh.origin, engines.origin, bareOrigin]
  const [callerHost, host] = [await lab.host(), await lab.host()]
  const launch = async (where: Host, camera?: string): Promise<Browser> => {
    const browser = await openBrowser(where, { origins, ...(camera === undefined ? {} : { camera }) })
    own(() => browser.close())
    return browser
  }
  const browsers = [await launch(callerHost), await launch(host)] as const
  const camera = await makeCamera(own)
  const iceServers = () => [turnCredentials(turnUrl, turn.secret, Date.now())]
  return {
    host,
    browsers,
    filming: [await launch(callerHost, camera), await launch(host, camera)],
    mesh,
    engines,
    janus,
    bare(id, pair, probe = {}) {
      const relayed = probe.relayOnly === true
      const label = relayed ? 'bare WebRTC, relayed' : 'bare WebRTC'
      const servers = relayed ? iceServers() : []
      return openBareDuo({ id, label, origin: bareOrigin, browsers: pair, probe, iceServers: servers })
    },
    parley(id, pair, probe = {}) {
      const relayed = probe.relayOnly === true
      const label = relayed ? 'Parley, relayed' : 'Parley'
      const { origin } = relayed ? engines : mesh
      return openParleyDuo({ id, label, origin, browsers: pair, probe })
    },
  }
}

async function serve(
  own: (stop: () => Promise<unknown>) => void,
  settings: Record<string, string>,
): Promise<Served> {
  const server = await startParley({ host: SERVER_ADDRESS, settings })
  own(() => server.stop())
  return { origin: `http://${SERVER_ADDRESS}:${server.port}`, server }
}

async function makeCamera(own: (stop: () => Promise<unknown>) => void): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-bench-'))
  own(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, 'camera.y4m')
  await writeCamera(path)
  return path
}
