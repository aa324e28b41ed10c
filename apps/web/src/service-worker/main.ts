import { startWorker } from './start-worker.ts'

startWorker(globalThis as unknown as ServiceWorkerGlobalScope)
