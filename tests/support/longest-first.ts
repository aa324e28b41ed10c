/**
 * In each group the files that take longest begin first, so that none of them is left running alone at its end. Known
 * by heart: a clean clone has no results of an earlier run, and the size of a file says nothing of how long it waits.
 * A file that is not named here only begins later than it might.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const LONGEST = [
  'packages/adapters/src/rpc/remote-caller.test.ts',
  'packages/adapters/src/embedded/postgres/survive-kill.test.ts',
  'packages/adapters/src/embedded/postgres/refuse-start.test.ts',
  'packages/services/src/rooms/relay.test.ts',
  'packages/adapters/src/embedded/postgres/start-postgres.test.ts',
  // What computes much between what waits much: three deployments or browsers at once stand still.
  'tests/browser/distributed.test.ts',
  'tests/scenarios/embedded.test.ts',
  'packages/adapters/src/rabbitmq/work-queue.test.ts',
  'tests/scenarios/conformance.test.ts',
  'tests/faults/network.test.ts',
  'tests/faults/distributed.test.ts',
  'tests/browser/accounts.test.ts',
  'tests/abuse/memory.test.ts',
  'tests/faults/processes.test.ts',
  'tests/scenarios/distributed.test.ts',
  'tests/browser/looks.test.ts',
  'tests/abuse/floods.test.ts',
  'tests/server/cluster.test.ts',
  'tests/browser/calls.test.ts',
  'tests/scenarios/two-gateways.test.ts',
  'tests/faults/resources.test.ts',
  'tests/browser/talk.test.ts',
  'tests/server/start.test.ts',
  'tests/browser/inbox.test.ts',
  'tests/server/jobs-command.test.ts',
  'tests/server/commands.test.ts',
  'tests/browser/history.test.ts',
  'tests/server/distributed-restore.test.ts',
  'tests/server/restore-files.test.ts',
  'tests/browser/files.test.ts',
  'tests/traces/journey.test.ts',
  'tests/rooms/rabbitmq-outbox.test.ts',
  'tests/browser/push.test.ts',
  'packages/adapters/src/engines/start-rabbitmq.test.ts',
  'tests/browser/network.test.ts',
  'packages/adapters/src/files/s3/create-s3-file-store.test.ts',
  'tests/browser/call-test.test.ts',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST.findIndex((path) => moduleId.endsWith(`/${path}`))
      return found === -1 ? LONGEST.length : found
    }
    const group = ({ project }: TestSpecification): number => project.config.sequence.groupOrder
    const sorted = await super.sort(files)
    return sorted.sort((a, b) => group(a) - group(b) || rank(a) - rank(b))
  }
}
