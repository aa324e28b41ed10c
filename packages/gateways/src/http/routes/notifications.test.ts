import { describe, expect, it } from 'vitest'
import { ann, notification, room } from '../testing/fake-services.ts'
import { codeOf, startGateway } from '../testing/start-gateway.ts'

describe('the inbox', () => {
  it('is listed in pages', async () => {
    const { call, notifications } = await startGateway()
    const answer = await call('GET', '/api/v1/notifications?limit=2&cursor=abc')
    expect(answer.json()).toEqual({ notifications: [notification], unread: 1, version: 7, next: 'page-2' })
    expect(notifications.calls.at(-1)?.input).toEqual({ user: ann.id, limit: 2, cursor: 'abc' })
    expect(codeOf(await call('GET', '/api/v1/notifications?limit=201'))).toBe('invalid_request')
    expect(codeOf(await call('GET', '/api/v1/notifications', undefined, {}))).toBe('unauthenticated')
  })

  it('is marked as read by ids or as a whole, and by nothing else', async () => {
    const { call, notifications } = await startGateway()
    const path = '/api/v1/notifications/read'
    expect((await call('POST', path, { ids: ['n-1'] })).json()).toMatchObject({ unread: 0, version: 7 })
    expect(notifications.calls.at(-1)?.input).toEqual({ user: ann.id, ids: ['n-1'] })
    await call('POST', path, { all: true })
    expect(notifications.calls.at(-1)?.input).toEqual({ user: ann.id })
    const many = (count: number) => Array.from({ length: count }, (_, n) => `n-${n}`)
    expect((await call('POST', path, { ids: many(200) })).statusCode).toBe(200)
    const before = notifications.calls.length
    for (const body of [{}, { all: false }, { ids: [] }, { ids: many(201) }, { ids: ['n-1'], all: true }])
      expect(codeOf(await call('POST', path, body)), JSON.stringify(body)).toBe('invalid_request')
    expect(notifications.calls).toHaveLength(before)
  })
})

describe('settings', () => {
  it('of a room are one of three', async () => {
    const { call, notifications } = await startGateway()
    const path = `/api/v1/rooms/${room.id}/notifications`
    expect((await call('GET', path)).json()).toEqual({ level: 'mentions' })
    expect((await call('PATCH', path, { level: 'none' })).json()).toEqual({ level: 'none' })
    expect(notifications.calls.at(-1)?.input).toEqual({ user: ann.id, room: room.id, level: 'none' })
    expect(codeOf(await call('PATCH', path, { level: 'some' }))).toBe('invalid_request')
  })

  it('of a person take times of day and time zones that exist', async () => {
    const { call } = await startGateway()
    const path = '/api/v1/users/me/notifications'
    const hours = { from: '22:00', to: '07:00', time_zone: 'Asia/Ho_Chi_Minh' }
    expect((await call('GET', path)).json()).toEqual({
      settings: { do_not_disturb_until: null, quiet_hours: null, push_content: 'full' },
    })
    expect((await call('PATCH', path, { quiet_hours: hours })).json().settings.quiet_hours).toEqual(hours)
    expect((await call('PATCH', path, { do_not_disturb_until: 5, quiet_hours: null })).json()).toEqual({
      settings: { do_not_disturb_until: 5, quiet_hours: null, push_content: 'full' },
    })
    for (const wrong of [{ from: '24:00' }, { to: '7:00' }, { to: '07:60' }, { time_zone: 'Asia/Nowhere' }])
      expect(codeOf(await call('PATCH', path, { quiet_hours: { ...hours, ...wrong } }))).toBe(
        'invalid_request',
      )
    expect(codeOf(await call('PATCH', path, { do_not_disturb_until: -1 }))).toBe('invalid_request')
  })
})

describe('web push', () => {
  const path = '/api/v1/push/subscription'
  const subscription = {
    endpoint: 'https://push.example/a',
    keys: { p256dh: 'B'.repeat(87), auth: 'a'.repeat(22) },
    language: 'vi',
  }

  it('is subscribed for the device that asks, and ended for it', async () => {
    const { call, notifications } = await startGateway()
    expect((await call('GET', '/api/v1/push')).json()).toEqual({ key: 'BKey', subscribed: true })
    expect((await call('PUT', path, { ...subscription, expirationTime: null })).statusCode).toBe(204)
    expect(notifications.calls.at(-1)?.input).toEqual({ user: ann.id, device: 'd-1', subscription })
    expect((await call('DELETE', path)).statusCode).toBe(204)
    expect(notifications.calls.at(-1)?.input).toEqual({ user: ann.id, device: 'd-1' })
    expect(codeOf(await call('PUT', path, subscription, {}))).toBe('unauthenticated')
  })

  it('takes what a browser subscribes with, and nothing else', async () => {
    const { call, notifications } = await startGateway()
    const long = `https://push.example/${'x'.repeat(979)}`
    expect((await call('PUT', path, { ...subscription, endpoint: long })).statusCode).toBe(204)
    const before = notifications.calls.length
    const { keys } = subscription
    for (const wrong of [
      { endpoint: `${long}x` },
      { endpoint: 'push.example' },
      { keys: { ...keys, p256dh: 'B'.repeat(86) } },
      { keys: { ...keys, auth: `${'a'.repeat(21)}=` } },
      { keys: {} },
      { language: 'x'.repeat(36) },
      { language: '<b>' },
    ])
      expect(codeOf(await call('PUT', path, { ...subscription, ...wrong })), JSON.stringify(wrong)).toBe(
        'invalid_request',
      )
    expect(notifications.calls).toHaveLength(before)
  })
})
