/** Why a microphone, a camera or a call cannot be had, as far as a browser tells. */

export type MediaProblem = 'denied' | 'missing' | 'busy' | 'insecure' | 'unsupported' | 'unknown'

const byName: Readonly<Record<string, MediaProblem>> = {
  NotAllowedError: 'denied',
  PermissionDeniedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'missing',
  DevicesNotFoundError: 'missing',
  OverconstrainedError: 'missing',
  NotReadableError: 'busy',
  TrackStartError: 'busy',
  AbortError: 'busy',
}

/** Undefined: it is no error of a browser's device. */
export function mediaProblem(error: unknown): MediaProblem | undefined {
  if (typeof error !== 'object' || error === null || !('name' in error)) return undefined
  return byName[String(error.name)]
}

/** Null: nothing stands in the way. Browsers hide devices from pages without TLS. */
export function whyNoCalls(supported: boolean, secure: boolean): MediaProblem | null {
  if (!secure) return 'insecure'
  return supported ? null : 'unsupported'
}

/** Why the server or the SDK says `conflict`, where they say it: `call_full`, `sound_only`. */
export function conflictReason(error: unknown): unknown {
  return (error as { details?: { reason?: unknown } | null } | null)?.details?.reason
}
