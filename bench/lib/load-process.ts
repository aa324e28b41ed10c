import { type LatencySpec, measureLatency } from './latency.ts'
import { type Connections, type ConnectSpec, openConnections } from './load.ts'
import { measure, type RunSpec } from './measure.ts'

/**
 * The load generator's process: does what its parent asks, one thing at a time, and ends with it.
 * Started by `startLoad` in `load-client.ts`, on a core of its own.
 */

export type LoadRequest =
  | { id: number; op: 'connect'; spec: ConnectSpec }
  | { id: number; op: 'run'; spec: RunSpec }
  | { id: number; op: 'latency'; spec: LatencySpec }
  | { id: number; op: 'losses' }
  | { id: number; op: 'close' }

export type LoadAnswer = { id: number; result: unknown } | { id: number; error: string }

function serve(): void {
  let connections: Connections | undefined
  const perform = async (request: LoadRequest): Promise<unknown> => {
    switch (request.op) {
      case 'connect':
        connections = await openConnections(request.spec, connections)
        return connections.sockets.length
      case 'losses':
        return connections?.losses ?? []
      case 'run':
        if (connections === undefined) throw new Error('there are no connections to run on')
        return measure(connections, request.spec)
      case 'latency':
        if (connections === undefined) throw new Error('there are no connections to measure on')
        return measureLatency(connections, request.spec)
      case 'close':
        connections?.close()
        connections = undefined
        return undefined
    }
  }
  process.on('message', (request: LoadRequest) => {
    perform(request).then(
      (result) => process.send?.({ id: request.id, result } satisfies LoadAnswer),
      (error: Error) => process.send?.({ id: request.id, error: error.message } satisfies LoadAnswer),
    )
  })
  process.once('disconnect', () => process.exit(0))
}

serve()
