/** One verifier for all gateways of a process: keys and revocations are fetched once. */
import type { AuthService, Bus, Clock, Log } from '@parley/contracts'
import { createTokenVerifier, type TokenVerifier } from '@parley/gateways/shared/token-verifier'

export interface SharedVerifierParts {
  readonly auth: AuthService
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
  /** Closes it at the end, after the roles that use it. */
  readonly stack: AsyncDisposableStack
}

/** Made and started at the first call; a role that verifies nothing costs nothing. */
export function createSharedVerifier({ stack, ...deps }: SharedVerifierParts): () => Promise<TokenVerifier> {
  let started: Promise<TokenVerifier> | undefined
  const start = async (): Promise<TokenVerifier> => {
    const verifier = createTokenVerifier(deps)
    stack.defer(() => verifier.close())
    await verifier.start()
    return verifier
  }
  return () => {
    started ??= start()
    return started
  }
}
