/** One verifier for all gateways of a process: keys and revocations are fetched once. */
import { setTimeout as delay } from 'node:timers/promises'
import type { AuthService, Bus, Clock, Log } from '@parley/contracts'
import { createTokenVerifier, type TokenVerifier } from '@parley/gateways/shared/token-verifier'
import { ParleyError } from '@parley/protocol'
import { Gauge, type Registry } from 'prom-client'

const RETRY_MS = 500

export interface SharedVerifierParts {
  readonly auth: AuthService
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Registry
  /** Aborted when the process is to end, also while it still waits for auth. */
  readonly stopping: AbortSignal
  /** Closes it at the end, after the roles that use it. */
  readonly stack: AsyncDisposableStack
}

/** Made and started at the first call; a role that verifies nothing costs nothing. */
export function createSharedVerifier({
  stack,
  metrics,
  stopping,
  ...deps
}: SharedVerifierParts): () => Promise<TokenVerifier> {
  let started: Promise<TokenVerifier> | undefined
  const start = async (): Promise<TokenVerifier> => {
    const verifier = createTokenVerifier(deps)
    stack.defer(() => verifier.close())
    observeFeed(metrics, verifier)
    await startPatiently(verifier, deps.log, stopping)
    return verifier
  }
  return () => {
    started ??= start()
    return started
  }
}

function observeFeed(metrics: Registry, verifier: TokenVerifier): void {
  new Gauge({
    name: 'parley_revocation_feed_age_seconds',
    help: 'Since auth last told what was revoked; above 5 no new connection is taken',
    registers: [metrics],
    collect() {
      this.set(verifier.feedAgeMs / 1_000)
    },
  })
}

/** The auth service of another process may come later than this one. */
async function startPatiently(verifier: TokenVerifier, log: Log, stopping: AbortSignal): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await verifier.start()
    } catch (error) {
      if (!(error instanceof ParleyError) || error.code !== 'unavailable') throw error
      if (tries === 0) log.warn({}, 'waiting for the auth service')
      await delay(RETRY_MS, undefined, { signal: stopping })
    }
  }
}
