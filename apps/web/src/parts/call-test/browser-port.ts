/** Measures with what this browser and this device have. */
import type { Parley } from '@parley/sdk/api'
import type { CallPreferencesState } from '../call/call-preferences.ts'
import { measureCamera, measureMicrophone, playTone } from './measure-devices.ts'
import { gather, measurePath, toIceServer } from './measure-network.ts'
import type { TestPort } from './run-test.ts'

interface PortOptions {
  readonly parley: Pick<Parley, 'calls' | 'connection'>
  readonly preferences: Pick<CallPreferencesState, 'microphone' | 'camera' | 'speaker'>
  readonly signal: AbortSignal
  readonly show: (stream: MediaStream | null) => void
  readonly hear: (level: number) => void
  /** Whether the tone was heard; `again` plays it once more. */
  readonly ask: () => Promise<'yes' | 'no' | 'again'>
}

export function browserPort({ parley, preferences, signal, show, hear, ask }: PortOptions): TestPort {
  return {
    page: () => ({ secure: window.isSecureContext, webRtc: parley.calls.supported }),
    camera: () => measureCamera({ device: preferences.camera, signal }, show),
    microphone: () => measureMicrophone({ device: preferences.microphone, signal }, hear),
    async speakers() {
      for (;;) {
        if (!(await playTone({ device: preferences.speaker, signal }))) return 'refused'
        const answer = await ask()
        if (answer !== 'again') return answer === 'yes'
      }
    },
    async server() {
      const from = performance.now()
      const servers = await parley.calls.server().catch(() => null)
      const answerMs = servers === null ? null : performance.now() - from
      const { status, transport } = parley.connection.get()
      return { measure: { status, transport, answerMs }, servers }
    },
    stun: (urls) => gather({ iceServers: [{ urls: [...urls] }] }, 'srflx', signal),
    turn: (server) =>
      gather({ iceServers: [toIceServer(server)], iceTransportPolicy: 'relay' }, 'relay', signal),
    path: (turn, stun) =>
      turn.length > 0
        ? measurePath({ iceServers: turn.map(toIceServer), iceTransportPolicy: 'relay' }, 'relay', signal)
        : measurePath(stun.length === 0 ? {} : { iceServers: [{ urls: [...stun] }] }, 'direct', signal),
  }
}
