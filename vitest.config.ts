import { defineConfig } from 'vitest/config'
import { LongestFirst } from './tests/support/longest-first.ts'

/**
 * Two groups, one after the other, because two cores are shared by whatever runs at once: first what lives inside a
 * package and what crosses a boundary (real servers and processes, among them the engines of the distributed topology),
 * then what needs a browser.
 */
const common = {
  testTimeout: 30_000,
  hookTimeout: 60_000,
  pool: 'forks' as const,
  // One process for many files: nothing keeps state beside what a test makes, and to load it all anew costs half of the time.
  isolate: false,
  // Only suites that say so run side by side, and those wait for seconds.
  maxConcurrency: 16,
  setupFiles: ['tests/support/print-server-logs.ts'],
}

/** They wait for graces, pauses, engines and processes more than they compute. */
const crossing = {
  maxWorkers: 3,
  testTimeout: 60_000,
  hookTimeout: 180_000,
  sequence: { groupOrder: 1 },
}

/** Tests that need Redis, RabbitMQ, nginx, Swift, Janus or coturn. */
const engines = [
  'packages/adapters/src/{redis,rabbitmq,engines,files/s3,janus}/**/*.test.ts',
  'tests/**/{distributed,cluster,nginx,redis,rabbitmq,deploy-files,turn,janus}*.test.ts',
]

export default defineConfig({
  test: {
    globalSetup: ['tests/support/global-postgres.ts'],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          ...common,
          name: 'inside',
          include: [
            'packages/**/*.test.ts',
            'apps/**/*.test.{ts,tsx}',
            'bench/**/*.test.ts',
            'scripts/**/*.test.ts',
          ],
          exclude: engines,
          maxWorkers: crossing.maxWorkers,
          sequence: crossing.sequence,
        },
      },
      {
        extends: true,
        test: {
          ...common,
          name: 'across',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/browser/**', ...engines],
          ...crossing,
        },
      },
      {
        extends: true,
        test: {
          ...common,
          name: 'engines',
          include: engines,
          exclude: ['tests/browser/**'],
          ...crossing,
        },
      },
      {
        extends: true,
        test: {
          ...common,
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          // Every file has a browser and a server; a page waits for the network and for its own animations half of the time.
          maxWorkers: 2,
          testTimeout: 90_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
