import { describeSessionsStore } from '@parley/contracts/testing/sessions-store-suite'
import { createMemorySessionsStore } from './memory-sessions-store.ts'

describeSessionsStore('in memory', async (goneMax) => {
  const store = createMemorySessionsStore(goneMax)
  return [store, store]
})
