/**
 * What a service announced while its own connection to the bus was cut reached nobody, and the gateways, whose
 * connections may have been well all the time, cannot know. Once it is back they are told to look.
 */
import { type Bus, type Clock, LOSSES_TOPIC, type LossesEvent } from '@parley/contracts'

const LOOK_INTERVAL_MS = 1_000
/** A connection may have been dead for this long before it counted as cut. */
const UNNOTICED_MS = 5_000

/** The returned function ends it. */
export function tellLosses(bus: Bus, clock: Clock): () => void {
  let connectedAt = clock.now()
  let cancel = () => {}

  function look(): void {
    if (bus.connected) connectedAt = clock.now()
    cancel = clock.after(LOOK_INTERVAL_MS, look)
  }

  const end = bus.onReconnect(() => {
    const event: LossesEvent = { away_ms: clock.now() - connectedAt + UNNOTICED_MS }
    connectedAt = clock.now()
    bus.publish(LOSSES_TOPIC, JSON.stringify(event))
  })
  look()
  return () => {
    end()
    cancel()
  }
}
