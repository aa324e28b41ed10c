/** What the scheduler does, for `/metrics`. */
import type { SchedulerParts } from '@parley/services/scheduler/create-scheduler'
import type { Job } from '@parley/services/scheduler/job'
import { Counter, Gauge, type Registry } from 'prom-client'

export function observeJobs(
  metrics: Registry,
  jobs: readonly Job[],
): Required<Pick<SchedulerParts, 'onLeader' | 'onRun'>> {
  const leads = new Gauge({
    name: 'parley_scheduler_leads',
    help: '1 in the process that runs the jobs',
    registers: [metrics],
  })
  const runs = new Counter({
    name: 'parley_job_runs_total',
    help: 'Runs of this process that ended, by outcome',
    labelNames: ['job', 'outcome'],
    registers: [metrics],
  })
  const seconds = new Gauge({
    name: 'parley_job_last_run_seconds',
    help: 'What the last run took that this process made',
    labelNames: ['job'],
    registers: [metrics],
  })
  const success = new Gauge({
    name: 'parley_job_last_success_timestamp_seconds',
    help: 'When this process last ended a run in good order; 0 when it never has',
    labelNames: ['job'],
    registers: [metrics],
  })
  for (const { name } of jobs) {
    success.set({ job: name }, 0)
    for (const outcome of ['done', 'failed', 'cut_off']) runs.inc({ job: name, outcome }, 0)
  }
  return {
    onLeader: (isLeader) => leads.set(isLeader ? 1 : 0),
    onRun: ({ name: job }, { outcome, tookMs }) => {
      runs.inc({ job, outcome })
      seconds.set({ job }, tookMs / 1_000)
      if (outcome === 'done') success.set({ job }, Date.now() / 1_000)
    },
  }
}
