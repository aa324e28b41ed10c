import { describeBus } from '@parley/contracts/testing/bus-suite'
import { describeRateLimiter } from '@parley/contracts/testing/rate-limiter-suite'
import { createManualClock } from '../../../../tests/support/manual-clock.ts'
import { createInProcessBus } from './in-process-bus.ts'
import { createMemoryRateLimiter } from './memory-rate-limiter.ts'

describeBus('in process', async () => createInProcessBus())
describeRateLimiter('in memory', async () => {
  const clock = createManualClock()
  return { limiter: createMemoryRateLimiter(clock), advance: async (ms) => void clock.advance(ms) }
})
