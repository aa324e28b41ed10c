/** Gateways of other processes, found by what the sessions service says of them; one that nobody asks for is let go. */
import { createRemoteCaller, type RemoteCaller } from '@parley/adapters/rpc/create-remote-caller'
import { type Clock, type GatewayService, gatewayContract } from '@parley/contracts'

type CallerOptions = Omit<Parameters<typeof createRemoteCaller>[1], 'origins'>

/** A gateway that is gone would be dialled for ever. */
const UNUSED_MAX_MS = 60_000

export interface GatewayDirectory {
  /** By its internal URL. */
  gatewayAt(url: string): GatewayService
  close(): void
}

export function createGatewayDirectory(options: CallerOptions & { readonly clock: Clock }): GatewayDirectory {
  const known = new Map<string, { caller: RemoteCaller<typeof gatewayContract>; letGo: () => void }>()

  function forget(url: string): void {
    known.get(url)?.caller.close()
    known.delete(url)
  }

  return {
    gatewayAt(url) {
      const found = known.get(url)
      found?.letGo()
      const caller = found?.caller ?? createRemoteCaller(gatewayContract, { ...options, origins: [url] })
      known.set(url, { caller, letGo: options.clock.after(UNUSED_MAX_MS, () => forget(url)) })
      return caller.service
    },
    close() {
      for (const { letGo } of known.values()) letGo()
      for (const url of [...known.keys()]) forget(url)
    },
  }
}
