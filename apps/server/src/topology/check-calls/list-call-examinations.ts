/** What calls need, looked at one after the other: measurements at once would disturb each other. */

import { systemClock } from '@parley/contracts'
import { parseIceUrl } from '@parley/protocol/ice-url'
import { bad, type Finding, good, poor, type Verdict } from '../../doctor/finding.ts'
import { plainSentence } from '../../plain-error.ts'
import type { Settings } from '../../settings/table.ts'
import type { CallTools } from './call-tools.ts'
import { examineHttps } from './examine-https.ts'
import { examineJanus } from './examine-janus.ts'
import { examineStun } from './examine-stun.ts'
import { examineTurn } from './examine-turn.ts'

export interface CallExamination {
  readonly subject: string
  /** Never rejects for what it finds. */
  run(): Promise<Finding>
}

const usualTools: CallTools = {
  clock: systemClock,
  stopwatch: () => performance.now(),
  timeoutMs: 3_000,
  relayMs: 2_000,
}

const NO_TURN =
  'none is set: calls work inside one network. For people at home and on the road run coturn (deploy/coturn) and set PARLEY_TURN_URLS and PARLEY_TURN_SECRET.'
const NO_TLS =
  'none of the addresses is a turns: one. Some networks let nothing but encrypted web traffic through; people there need one, best on port 443.'
const NO_JANUS =
  'none is set: calls have up to 4 people with pictures, or 8 with sound. For more run Janus (deploy/janus) and set PARLEY_JANUS_URLS.'

export function listCallExaminations(
  settings: Settings,
  tools: CallTools = usualTools,
): readonly CallExamination[] {
  const { stunUrls = [], turnUrls = [], turnSecret = '', janusUrls = [], janusSecret = '' } = settings
  const addresses = turnUrls.flatMap((url) => parseIceUrl(url) ?? [])
  return [
    examination('HTTPS', () => examineHttps(settings, tools)),
    ...stunUrls
      .flatMap((url) => parseIceUrl(url) ?? [])
      .map((address) => examination(address.url, () => examineStun(address, tools))),
    ...(addresses.length === 0 ? [examination('TURN', () => poor(NO_TURN))] : []),
    ...addresses.map((address) =>
      examination(address.url, () => examineTurn(address, { ...tools, secret: turnSecret })),
    ),
    ...(addresses.length > 0 && addresses.every(({ transport }) => transport !== 'tls')
      ? [examination('TURN by TLS', () => poor(NO_TLS))]
      : []),
    ...(janusUrls.length === 0 ? [examination('Janus', () => good(NO_JANUS))] : []),
    ...janusUrls.map((url) => examination(url, () => examineJanus({ url, secret: janusSecret }, tools))),
  ]
}

function examination(subject: string, look: () => Verdict | Promise<Verdict>): CallExamination {
  return {
    subject,
    async run() {
      try {
        return { subject, ...(await look()) }
      } catch (error) {
        return { subject, ...bad(plainSentence(error) ?? (error as Error).message) }
      }
    },
  }
}
