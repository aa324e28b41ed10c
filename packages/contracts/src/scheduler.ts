/** The scheduler acts by itself and is asked nothing: its jobs call others. Its history is read by `parley jobs`. */
import { defineContract, type ServiceOf } from './contract.ts'

export const schedulerContract = defineContract('scheduler', {})

export type SchedulerService = ServiceOf<typeof schedulerContract>
