import { createPushTransport } from '@parley/adapters/push/create-push-transport'
import type { PushTransport } from '@parley/contracts'
import type { Settings } from '../settings/table.ts'

/** Closed with everything else of the topology. */
export function openPushTransport(
  { pushPrivateOrigins: privateOrigins }: Settings,
  stack: AsyncDisposableStack,
): PushTransport {
  const transport = createPushTransport({ privateOrigins })
  stack.defer(() => transport.close())
  return transport
}
