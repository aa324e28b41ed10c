/** What every way of calling a service must do, be it in the same process or on another machine. */
import { ParleyError } from '@parley/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Contract, defineContract, once, type ServiceOf, verb } from '../contract.ts'

export const exampleContract = defineContract('example', {
  echo: verb(z.object({ text: z.string(), room: z.string().optional() }), z.object({ text: z.string() })),
  fail: verb(z.object({ how: z.string() }), z.object({})),
  wait: verb(z.object({}), z.object({})),
  count: verb(z.object({ room: z.string().optional() }), z.object({ count: z.int() }), once),
})
export type ExampleService = ServiceOf<typeof exampleContract>

/** Fails in the ways services may, and remembers what it was asked. */
export function createExampleService(): ExampleService & { readonly asked: string[]; aborted: number } {
  const asked: string[] = []
  const service = {
    asked,
    aborted: 0,
    async echo({ text }: { text: string }) {
      asked.push(text)
      return { text }
    },
    async fail({ how }: { how: string }): Promise<Record<string, never>> {
      if (how === 'known')
        throw new ParleyError('invalid_request', { message: 'No.', details: { fields: { a: 'is wrong' } } })
      throw new ParleyError('rate_limited', { retryAfterMs: 1_234 })
    },
    wait: (_input: object, context?: { signal?: AbortSignal }) =>
      new Promise<Record<string, never>>((resolve) => {
        context?.signal?.addEventListener('abort', () => {
          service.aborted++
          resolve({})
        })
      }),
    async count() {
      asked.push('count')
      return { count: asked.length }
    },
  }
  return service
}

export interface CallerUnderTest {
  readonly service: ExampleService
  close(): Promise<void>
}

export function describeCaller(
  name: string,
  create: (contract: Contract, service: ExampleService) => Promise<CallerUnderTest>,
): void {
  describe(`calls: ${name}`, () => {
    let caller: CallerUnderTest | undefined
    afterEach(() => caller?.close())
    const setUp = async (service: ExampleService = createExampleService()) => {
      caller = await create(exampleContract, service)
      return { service: caller.service, target: service as ReturnType<typeof createExampleService> }
    }

    it('gives the answer, whatever the text', async () => {
      const { service } = await setUp()
      for (const text of ['', 'Xin chào', '🎉\n\u0001', 'x'.repeat(1_000_000)])
        expect(await service.echo({ text })).toEqual({ text })
    })

    it('keeps the order of calls about one room', async () => {
      const { service, target } = await setUp()
      const texts = Array.from({ length: 500 }, (_, n) => `${n}`)
      await Promise.all(texts.map((text) => service.echo({ text, room: 'r' })))
      expect(target.asked).toEqual(texts)
    })

    it('passes on errors of the catalogue whole', async () => {
      const { service } = await setUp()
      await expect(service.fail({ how: 'known' })).rejects.toMatchObject({
        name: 'ParleyError',
        code: 'invalid_request',
        message: 'No.',
        details: { fields: { a: 'is wrong' } },
      })
      await expect(service.fail({ how: 'later' })).rejects.toMatchObject({
        code: 'rate_limited',
        retryAfterMs: 1_234,
      })
    })

    it('refuses what breaks the contract, in either direction', async () => {
      const { service } = await setUp({
        ...createExampleService(),
        echo: async () => ({ text: 1 as unknown as string }),
      })
      await expect(service.echo({ text: 'a' })).rejects.toThrow()
      await expect(service.echo({ text: 2 } as never)).rejects.toThrow()
    })

    it('passes nothing that the contract does not know', async () => {
      const seen: unknown[] = []
      const { service } = await setUp({
        ...createExampleService(),
        echo: async (input) => {
          seen.push(input)
          return { text: '', more: 1 } as { text: string }
        },
      })
      expect(await service.echo({ text: 'a', secret: 1 } as { text: string })).toEqual({ text: '' })
      expect(seen).toEqual([{ text: 'a' }])
    })

    it('rejects a call that was given up, and tells the service', async () => {
      const { service, target } = await setUp()
      const abort = new AbortController()
      const waiting = service.wait({}, { requestId: 'r1', signal: abort.signal })
      await service.echo({ text: 'later' })
      abort.abort()
      await expect(waiting).rejects.toMatchObject({ code: 'unavailable' })
      await expect.poll(() => target.aborted).toBe(1)
      const given = service.wait({}, { requestId: 'r2', signal: AbortSignal.abort() })
      await expect(given).rejects.toMatchObject({ code: 'unavailable' })
    })
  })
}
