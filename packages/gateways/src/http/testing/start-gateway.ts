import { createIds, type Log, type RateLimiter, type RateRule } from '@parley/contracts'
import { ParleyError } from '@parley/protocol'
import type { InjectOptions, LightMyRequestResponse as Response } from 'fastify'
import { Registry } from 'prom-client'
import { onTestFinished } from 'vitest'
import type { Principal, TokenVerifier } from '../../shared/token-verifier.ts'
import { createHttpGateway } from '../create-http-gateway.ts'
import type { HttpGatewayDeps } from '../gateway-types.ts'
import {
  ann,
  fakeAuth,
  fakeFileDoor,
  fakeFiles,
  fakeNotifications,
  fakeRooms,
  fakeSessions,
} from './fake-services.ts'

export const ORIGIN = 'https://chat.example.org'
export const BEARER = { authorization: 'Bearer good' }
export const COOKIE = { cookie: 'parley_access=good' }

interface FakeVerifier extends TokenVerifier {
  fresh: boolean
}

/** Takes the token `good` for Ann's first device and `old` for an expired one. */
function fakeVerifier(): FakeVerifier {
  const principal: Principal = { user: ann.id, device: 'd-1', expiresAtMs: 9e15 }
  return {
    fresh: true,
    feedAgeMs: 0,
    verify: async (token) => {
      if (token === 'good') return principal
      throw new ParleyError(token === 'old' ? 'token_expired' : 'unauthenticated')
    },
    onRevoked: () => () => {},
    start: async () => {},
    close: async () => {},
  }
}

interface Line {
  readonly level: keyof Log
  readonly fields: Record<string, unknown>
  readonly message: string
}

function recordingLog(lines: Line[]): Log {
  const write = (level: keyof Log) => (fields: object, message: string) => {
    lines.push({ level, fields: { ...fields }, message })
  }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

/** Hands out what `waitMs` says and remembers who was asked. */
export function fakeRates(waitMs: (rule: RateRule, key: string) => number = () => 0) {
  const taken: string[] = []
  const rates: RateLimiter = {
    take: async (rule, key) => {
      taken.push(`${rule.name} ${key}`)
      return waitMs(rule, key)
    },
  }
  return { rates, taken }
}

/** A gateway over fakes that the running test closes when it is finished. */
export async function startGateway(changes: Partial<HttpGatewayDeps> = {}) {
  const auth = fakeAuth()
  const rooms = fakeRooms()
  const sessions = fakeSessions()
  const files = fakeFiles()
  const notifications = fakeNotifications()
  const verifier = fakeVerifier()
  const lines: Line[] = []
  const app = await createHttpGateway({
    auth: auth.service,
    rooms: rooms.service,
    sessions: sessions.service,
    files: files.service,
    fileDoor: fakeFileDoor(),
    notifications: notifications.service,
    verifier,
    rates: fakeRates().rates,
    log: recordingLog(lines),
    origins: new Set([ORIGIN]),
    secureCookies: true,
    webDirectory: null,
    ready: () => true,
    metrics: new Registry(),
    metricsToken: null,
    stream: null,
    newId: createIds(),
    ...changes,
  })
  onTestFinished(() => app.close())

  /** As Ann with a Bearer token, unless the headers say otherwise. */
  const call = (
    method: NonNullable<InjectOptions['method']>,
    url: string,
    payload?: unknown,
    headers: Record<string, string> = BEARER,
  ): Promise<Response> =>
    app.inject({
      method,
      url,
      headers: { ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(payload === undefined
        ? {}
        : { payload: typeof payload === 'string' ? payload : JSON.stringify(payload) }),
    })

  return { app, auth, rooms, sessions, files, notifications, verifier, lines, call }
}

export function codeOf(answer: Response): string {
  return answer.json<{ error: { code: string } }>().error.code
}

export function fieldsOf(answer: Response): Record<string, string> {
  return answer.json<{ error: { details: { fields: Record<string, string> } } }>().error.details.fields
}
