import { defineConfig } from 'vitest/config'

/**
 * Four groups, one after the other, because two cores are shared by whatever runs at once: what lives inside a package,
 * what crosses a boundary (real servers and processes), what needs the engines of the distributed topology, and what
 * needs a browser.
 */
const common = {
  testTimeout: 30_000,
  hookTimeout: 60_000,
  pool: 'forks' as const,
  setupFiles: ['tests/support/print-server-logs.ts'],
}

/** Tests that need Redis, RabbitMQ or nginx. */
const engines = [
  'packages/adapters/src/{redis,rabbitmq,engines}/**/*.test.ts',
  'tests/**/{distributed,cluster,nginx,redis,rabbitmq,deploy-files}*.test.ts',
]

export default defineConfig({
  test: {
    globalSetup: ['tests/support/global-postgres.ts'],
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
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          ...common,
          name: 'across',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/browser/**', ...engines],
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          ...common,
          name: 'engines',
          include: engines,
          exclude: ['tests/browser/**'],
          // They wait for engines more than they compute.
          maxWorkers: 3,
          testTimeout: 60_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          ...common,
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          // A browser and a server keep two cores busy.
          maxWorkers: 1,
          testTimeout: 90_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
