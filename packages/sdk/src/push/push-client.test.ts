import { beforeEach, expect, it } from 'vitest'
import { memoryStorage } from '../storage/memory.ts'
import { PushClient } from './push-client.ts'
import type { PushDeviceLike, PushPermission } from './push-device.ts'

let calls: string[]
let unread: string[]
let failing: boolean
let permission: PushPermission
let answer: PushPermission
let subscribed: boolean
let shown: string[]
const storage = memoryStorage()

beforeEach(async () => {
  calls = []
  unread = []
  failing = false
  permission = 'default'
  answer = 'granted'
  subscribed = false
  shown = []
  for (const [key] of await storage.list('')) await storage.delete(key)
})

const device: PushDeviceLike = {
  permission: () => permission,
  async requestPermission() {
    calls.push('asks')
    permission = answer
    return answer
  },
  async subscribe(key) {
    calls.push(`subscribes with ${key}`)
    subscribed = true
    return { endpoint: 'https://push.example/1', keys: { p256dh: 'p', auth: 'a' } }
  },
  async unsubscribe() {
    subscribed = false
  },
  async shown() {
    return shown.map((id) => ({
      // That a call rings is no item of the inbox.
      id: id === 'ring' ? undefined : id,
      close() {
        shown = shown.filter((other) => other !== id)
      },
    }))
  },
}

function open(given: PushDeviceLike | null = device): PushClient {
  const rest = {
    async call<Result>(method: string, path: string, options: { body?: unknown } = {}): Promise<Result> {
      if (failing) throw new Error('away')
      const { language } = (options.body ?? {}) as { language?: string }
      calls.push([method, path, language].filter((part) => part !== undefined).join(' '))
      const notifications = [...unread.map((id) => ({ id })), { id: 'read', read_at: 1 }]
      return { key: 'K', notifications } as Result
    },
  }
  return new PushClient({ device: given, rest, storage })
}
const told = ['GET /push', 'subscribes with K', 'PUT /push/subscription vi']

it('asks nobody and tells the server nothing before it is switched on', async () => {
  const push = open()
  expect(push.get()).toBe('unknown')
  await push.online('ann')
  expect([push.get(), calls]).toEqual(['off', []])
})

it('switched on it asks, subscribes and stays on after a new start, which is told once', async () => {
  const push = open()
  await push.online('ann')
  await push.enable('vi')
  expect([push.get(), calls]).toEqual(['on', ['asks', ...told]])
  calls = []
  const next = open()
  await next.online('ann')
  await next.online('ann')
  expect([next.get(), calls]).toEqual(['on', told])
})

it.each([
  ['denied', 'blocked'],
  ['default', 'off'],
] as const)('a refusal (%s) leaves it %s and tells the server nothing', async (given, status) => {
  answer = given
  const push = open()
  await push.online('ann')
  await push.enable('vi')
  expect([push.get(), calls]).toEqual([status, ['asks']])
})

it('what the browser or the server cannot do is told to the caller, and nothing is remembered', async () => {
  const push = open()
  await push.online('ann')
  failing = true
  await expect(push.enable('vi')).rejects.toThrow('away')
  expect([push.get(), await storage.list('push:')]).toEqual(['off', []])
})

it('what could not be told at the start is told at the next connection', async () => {
  permission = 'granted'
  await storage.set('push:ann', 'vi')
  const push = open()
  failing = true
  await push.online('ann')
  failing = false
  await push.online('ann')
  expect([push.get(), calls]).toEqual(['on', told])
})

it('switched off it ends here and on the server', async () => {
  const push = open()
  await push.online('ann')
  await push.enable('vi')
  calls = []
  await push.disable()
  expect([push.get(), calls, subscribed]).toEqual(['off', ['DELETE /push/subscription'], false])
  await push.online('ann')
  expect(push.get()).toBe('off')
})

it('signing out forgets it; whoever signs in next is not subscribed', async () => {
  const push = open()
  await push.online('ann')
  await push.enable('vi')
  shown = ['n1']
  await push.leave('ann', true)
  expect([push.get(), subscribed, shown]).toEqual(['unknown', false, []])
  calls = []
  await push.online('ben')
  expect([push.get(), calls]).toEqual(['off', []])
})

it('a session that ended is taken up by the same person, and ended for another', async () => {
  const push = open()
  await push.online('ann')
  await push.enable('vi')
  await push.leave('ann', false)
  expect(subscribed).toBe(true)
  await push.online('ann')
  expect([push.get(), calls.filter((call) => call.startsWith('PUT'))]).toEqual([
    'on',
    ['PUT /push/subscription vi', 'PUT /push/subscription vi'],
  ])
  await push.leave('ann', false)
  await push.online('ben')
  expect([push.get(), subscribed]).toEqual(['off', false])
})

it('what was read is not shown any more: here, elsewhere, or while nothing was open', async () => {
  const push = open()
  shown = ['n1', 'n2', 'n3', 'n4', 'ring']
  unread = ['n2', 'n3', 'n4']
  await push.online('ann')
  expect(shown).toEqual(['n2', 'n3', 'n4', 'ring'])
  await push.takeRead(['n2', 'other'])
  expect(shown).toEqual(['n3', 'n4', 'ring'])
  await push.takeRead('all')
  expect(shown).toEqual(['ring'])
})

it('is not offered where the browser does not', async () => {
  const push = open(null)
  await push.online('ann')
  await push.enable('vi')
  await push.disable()
  await push.takeRead('all')
  await push.leave('ann', true)
  await push.online('ann')
  expect([push.get(), calls]).toEqual(['unsupported', []])
})
