/** `parley cluster`: a whole distributed deployment on this machine, until it is told to stop. */
import type { Command } from 'commander'
import { addSettings, settingsOf } from './options.ts'

export function addClusterCommand(program: Command): void {
  const command = program
    .command('cluster')
    .summary('run a whole distributed deployment on this machine')
    .description(
      'Start private PostgreSQL, Redis, RabbitMQ and nginx, and a process for each role and replica, until Ctrl-C or SIGTERM. Redis, RabbitMQ and nginx must be installed.',
    )
  addSettings(command, [
    'port',
    'host',
    'origins',
    'publicUrl',
    'data',
    'rateLimits',
    'log',
    'metricsToken',
    'web',
    'strictCalls',
  ]).action(async () => {
    const { runCluster } = await import('../run-cluster.ts')
    process.exitCode = await runCluster(settingsOf(command))
  })
}
