import { sessionsContract } from '@parley/contracts'
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

test('a strict call passes no reference and nothing that JSON or the contract does not know', async () => {
  const received: unknown[] = []
  const { service, connect } = setUp(true, async (given) => {
    received.push(given)
    return { known: true, more: 1 }
  })
  connect()
  const input = { gateway: 'g1', secret: () => 1 }
  expect(await service.renewGateway(input)).toEqual({ known: true })
  expect(received).toEqual([{ gateway: 'g1' }])
  expect(received[0]).not.toBe(input)
})

test('a strict call refuses what breaks the contract in either direction', async () => {
  const { service, connect } = setUp(true, async () => ({ known: 1 }))
  connect()
  await expect(service.renewGateway({ gateway: 'g1' })).rejects.toThrow('known')
  await expect(service.renewGateway({} as never)).rejects.toThrow('gateway')
})
