import { defineContract, verb } from '@parley/contracts'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createLocalCaller } from './local-caller.ts'

const contract = defineContract('greeter', {
  greet: verb(z.object({ name: z.string() }), z.object({ text: z.string() })),
})

test('a call before its service exists answers unavailable, and works once it does', async () => {
  const caller = createLocalCaller(contract, false)
  await expect(caller.service.greet({ name: 'An' })).rejects.toMatchObject({ code: 'unavailable' })
  caller.connect({ greet: async ({ name }) => ({ text: `hello ${name}` }) })
  expect(await caller.service.greet({ name: 'An' })).toEqual({ text: 'hello An' })
})

test('a strict call passes no reference and nothing that JSON or the contract does not know', async () => {
  const caller = createLocalCaller(contract, true)
  const input = { name: 'An', secret: () => 1 }
  const received: unknown[] = []
  caller.connect({
    greet: async (given) => {
      received.push(given)
      return { text: given.name, more: 1 }
    },
  })
  expect(await caller.service.greet(input)).toEqual({ text: 'An' })
  expect(received).toEqual([{ name: 'An' }])
  expect(received[0]).not.toBe(input)
})

test('a strict call refuses what breaks the contract in either direction', async () => {
  const caller = createLocalCaller(contract, true)
  caller.connect({ greet: async () => ({ text: 1 }) as never })
  await expect(caller.service.greet({ name: 'An' })).rejects.toThrow('text')
  await expect(caller.service.greet({} as never)).rejects.toThrow('name')
})
