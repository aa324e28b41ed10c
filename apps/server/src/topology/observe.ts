/** Figures about a process that its topology knows, for `/metrics`. Names and alarms: docs/operations, deploy/prometheus-alerts.yaml. */
import type { Bus } from '@parley/contracts'
import type { ErrorCode } from '@parley/protocol'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Readiness } from '../role.ts'

/** For each service that is called in other processes: what to tell of every call. */
export type ObserveCalls = (service: string) => (outcome: 'ok' | ErrorCode, tookMs: number) => void

export function createObserveCalls(metrics: Registry): ObserveCalls {
  const duration = new Histogram({
    name: 'parley_calls_duration_seconds',
    help: 'Calls to other processes by service and outcome, as their callers see them',
    labelNames: ['service', 'outcome'] as const,
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 10],
    registers: [metrics],
  })
  return (service) => (outcome, tookMs) => duration.observe({ service, outcome }, tookMs / 1_000)
}

/** Told of each work item that was put aside as dead. */
export function createObserveDead(metrics: Registry): (queue: string) => void {
  const dead = new Counter({
    name: 'parley_work_items_dead_total',
    help: 'Items of background work that this process gave up, by queue',
    labelNames: ['queue'] as const,
    registers: [metrics],
  })
  return (queue) => dead.inc({ queue })
}

export function observeProcess(metrics: Registry, bus: Bus, ready: () => Readiness): void {
  new Gauge({
    name: 'parley_ready',
    help: '1 while /readyz answers 200',
    registers: [metrics],
    collect() {
      this.set(ready().ready ? 1 : 0)
    },
  })
  new Gauge({
    name: 'parley_bus_connected',
    help: '1 while live events travel by the bus; 0: by questions every second',
    registers: [metrics],
    collect() {
      this.set(bus.connected ? 1 : 0)
    },
  })
}
