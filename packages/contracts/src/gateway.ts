/** What one gateway asks of another: to take a request of the stand-by link whose stream the other one holds. */
import * as shape from '@parley/protocol/shapes'
import { z } from 'zod'
import { defineContract, once, type ServiceOf, verb } from './contract.ts'

export const gatewayContract = defineContract('gateway', {
  /** The `ok` or `error` frame; null when this user has no such session there. */
  takeFrame: verb(
    z.object({
      user: shape.id,
      session: shape.id,
      frame: z.unknown(),
    }),
    z.object({ answer: z.record(z.string(), z.unknown()).nullable() }),
    once,
  ),
})

export type GatewayService = ServiceOf<typeof gatewayContract>
