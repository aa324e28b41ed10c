/** A recorded journey through a call between processes: what crosses is one optional field of the wire. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRemoteCaller } from '@parley/adapters/rpc/create-remote-caller'
import { createCallServer } from '@parley/adapters/rpc/serve-calls'
import { type CallContext, noTracer, type Span, silentLog, systemClock, type Tracer } from '@parley/contracts'
import { createExampleService, exampleContract } from '@parley/contracts/testing/caller-suite'
import { afterEach, expect, it } from 'vitest'
import { traceCalls } from '../../apps/server/src/topology/with-traces.ts'

const serviceKey = 'k3y-of-this-test-0123456789abcdef'
const shared = { clock: systemClock, log: silentLog }

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** Writes down `name < parent` when a step ends. */
function createNotes(): { readonly tracer: Tracer; readonly steps: string[] } {
  const steps: string[] = []
  const span = (name: string, parent: string): Span => ({
    trace: name,
    set() {},
    link() {},
    end: (error) => void steps.push(`${name} < ${parent}${error === undefined ? '' : ' failed'}`),
  })
  return {
    steps,
    tracer: {
      begin: (name) => span(name, ''),
      step: (name, parent) => (parent === undefined ? undefined : span(name, parent)),
    },
  }
}

async function setUp(tracer: Tracer) {
  const seen: (CallContext | undefined)[] = []
  const example = createExampleService()
  const service: typeof example = {
    ...example,
    echo(input, context) {
      seen.push(context)
      return example.echo(input, context)
    },
  }
  const calls = createCallServer({ serviceKeys: [serviceKey], ...shared })
  calls.provide(exampleContract, tracer === noTracer ? service : traceCalls(exampleContract, service, tracer))
  const server = createServer()
  server.on('upgrade', (request, socket, head) => calls.handleUpgrade(request, socket, head))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(async () => {
    calls.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const origins = [`http://127.0.0.1:${(server.address() as AddressInfo).port}`]
  const remote = createRemoteCaller(exampleContract, { origins, serviceKey, ...shared })
  ends.push(() => remote.close())
  const caller =
    tracer === noTracer ? remote.service : traceCalls(exampleContract, remote.service, tracer, 'call ')
  return { caller, seen }
}

it('a recorded one has a step on either side, and what the service asks next is below both', async () => {
  const { tracer, steps } = createNotes()
  const { caller, seen } = await setUp(tracer)
  await caller.echo({ text: 'a' }, { requestId: 'r', trace: 'ws send' })
  expect(steps).toEqual(['example.echo < call example.echo', 'call example.echo < ws send'])
  expect(seen).toMatchObject([{ requestId: 'r', trace: 'example.echo' }])
  await caller.fail({ how: 'known' }, { requestId: 'r', trace: 'x' }).catch(() => {})
  expect(steps.slice(2)).toEqual(['example.fail < call example.fail failed', 'call example.fail < x failed'])
})

it('others have none, and their calls no trace', async () => {
  const { tracer, steps } = createNotes()
  const { caller, seen } = await setUp(tracer)
  await caller.echo({ text: 'a' }, { requestId: 'r' })
  await caller.echo({ text: 'b' })
  expect(steps).toEqual([])
  expect(seen.map((context) => context?.trace)).toEqual([undefined, undefined])
})

it('a process that does not trace passes on where the journey stands', async () => {
  const { caller, seen } = await setUp(noTracer)
  await caller.echo({ text: 'a' }, { requestId: '', trace: 'from afar' })
  expect(seen).toMatchObject([{ trace: 'from afar' }])
})
