/**
 * Live fan-out between processes.
 *
 * Order: messages of one publisher on one topic arrive in the order they were published; nothing is promised
 * across publishers. Atomicity: a message arrives whole or not at all. Loss: allowed at any time – the room log,
 * the relay and `heads` repair it. Cost: one call a batch, not one a receiver. A subscriber gets what it
 * published itself.
 */
export interface Bus {
  /** False while the bus is away; gateways then ask for heads every second. */
  readonly connected: boolean
  /** Fire and forget; never throws and never calls a handler before it returns. */
  publish(topic: string, message: string): void
  /** Resolves once messages published from now on will arrive. The returned function ends it at once. */
  subscribe(topic: string, handler: (message: string) => void): Promise<() => void>
  /** Told after the connection was cut and is back: messages may have been lost. */
  onReconnect(handler: () => void): () => void
  close(): Promise<void>
}
