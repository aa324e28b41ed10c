/** What the scheduler promises: jobs that run once, however many replicas there are. */
import { defineContract, type ServiceOf } from './contract.ts'

export const schedulerContract = defineContract('scheduler', {})

export type SchedulerService = ServiceOf<typeof schedulerContract>
