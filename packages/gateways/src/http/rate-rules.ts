import type { RateRule } from '@parley/contracts'

/**
 * Every rate of the REST door. Generous: a person or a test never meets them, a loop that ran away does.
 * Sign-in and the setup code have their own throttling in the auth service, which knows accounts.
 */
export const rateRules = {
  /** Per user. */
  read: { name: 'http:read', burst: 600, perSecond: 100 },
  /** Per user. */
  write: { name: 'http:write', burst: 200, perSecond: 20 },
  /** Per user: the dearest queries. */
  search: { name: 'http:search', burst: 120, perSecond: 10 },
  /** Per user: each writes to the disk. */
  upload: { name: 'http:upload', burst: 100, perSecond: 5 },
  /** Per user: a room full of pictures is opened with one request a picture, and scrolled. */
  file: { name: 'http:file', burst: 1_000, perSecond: 100 },
  /** Per user: frames of the stand-by link, which the delivery engine also limits by their kind. */
  frame: { name: 'http:frame', burst: 400, perSecond: 40 },
  /** Per network address: everything without valid credentials, refused ones included. */
  open: { name: 'http:open', burst: 300, perSecond: 20 },
} as const satisfies Record<string, RateRule>

export type RateName = keyof typeof rateRules
