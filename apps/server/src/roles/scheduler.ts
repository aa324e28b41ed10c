/** Jobs that run when they are due, once, however many processes have this role. */
import { hostname } from 'node:os'
import { createJobs } from '@parley/services/scheduler/create-jobs'
import { createScheduler } from '@parley/services/scheduler/create-scheduler'
import { schedulerMigrations } from '@parley/services/scheduler/migrations'
import { observeJobs } from '../observe-jobs.ts'
import type { RoleContext, RoleModule, RunningRole } from '../role.ts'

/** For the leader's lock, the looks and the history; each job that runs holds one more. */
export const connectionsMax: NonNullable<RoleModule['connectionsMax']> = 8

export const migrations: NonNullable<RoleModule['migrations']> = schedulerMigrations

export async function start(context: RoleContext): Promise<RunningRole> {
  const { clock, log, services, metrics } = context
  const jobs = createJobs(context.jobs, services)
  const scheduler = createScheduler({
    database: context.database('scheduler', connectionsMax),
    clock,
    log,
    jobs,
    process: `${hostname()} ${process.pid}`,
    random: Math.random,
    ...observeJobs(metrics, jobs),
  })
  context.provide('scheduler', {})
  return {
    // Not before the others answer: in one process they are not all there while roles start.
    async listen() {
      scheduler.start()
    },
    close: () => scheduler.close(),
  }
}
