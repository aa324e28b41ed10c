import { sessionsContract } from '@parley/contracts'
import { describeCaller, exampleContract } from '@parley/contracts/testing/caller-suite'
import { expect, test } from 'vitest'
import { createLocalCaller } from './local-caller.ts'

/** One verb is enough here: `renewGateway` takes `{gateway}` and answers `{known}`. */
function setUp(strict: boolean, renewGateway: (input: { gateway: string }) => Promise<unknown>) {
  const caller = createLocalCaller(sessionsContract, strict)
  return { ...caller, connect: () => caller.connect({ renewGateway } as never) }
}

test('a call before its service exists answers unavailable, and works once it does', async () => {
  const { service, connect } = setUp(false, async ({ gateway }) => ({ known: gateway === 'g1' }))
  await expect(service.renewGateway({ gateway: 'g1' })).rejects.toMatchObject({ code: 'unavailable' })
  connect()
  expect(await service.renewGateway({ gateway: 'g1' })).toEqual({ known: true })
})

describeCaller('in one process', async (_contract, service) => {
  const caller = createLocalCaller(exampleContract, true)
  caller.connect(service)
  return { service: caller.service, close: async () => {} }
})
