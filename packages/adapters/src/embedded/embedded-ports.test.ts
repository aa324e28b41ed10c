import { silentLog } from '@parley/contracts'
import { describeBus } from '@parley/contracts/testing/bus-suite'
import { describeRateLimiter } from '@parley/contracts/testing/rate-limiter-suite'
import { describeWorkQueue } from '@parley/contracts/testing/work-queue-suite'
import { createManualClock } from '../../../../tests/support/manual-clock.ts'
import { createInProcessBus } from './in-process-bus.ts'
import { createInProcessWorkQueue } from './in-process-work-queue.ts'
import { createMemoryRateLimiter } from './memory-rate-limiter.ts'

describeBus('in process', async () => createInProcessBus())
describeRateLimiter('in memory', async () => {
  const clock = createManualClock()
  return { limiter: createMemoryRateLimiter(clock), advance: async (ms) => void clock.advance(ms) }
})
describeWorkQueue('in process', { attemptsMax: 10, keeps: false }, async () => {
  const queue = createInProcessWorkQueue(silentLog)
  return { queue, close: () => queue.close() }
})
