import { expect, it } from 'vitest'
import { describePush, type PushPayload } from './describe-push.ts'

const push: PushPayload = {
  type: 'show',
  room: 'r1',
  language: 'en',
  seq: 7,
  kind: 'mention',
  count: 1,
  from: 'Ann',
  room_name: 'Ferry',
  text: '**look** at `this`',
}
const withoutText = (({ text: _, room_name: __, ...others }) => others)(push)
const withoutSender = (({ from: _, ...others }) => others)(withoutText)

it('says who wrote what and where, without marks, and leads to the message', () => {
  expect(describePush(push)).toEqual({
    title: 'Ann · Ferry',
    body: 'look at this',
    language: 'en',
    path: '/r/r1/7',
  })
})

it('says how many there are when it is not one', () => {
  expect(describePush({ ...push, count: 3 }).title).toBe('Ann · Ferry (3)')
})

it('says only who where that is all that may be read, and nothing of anybody where nothing may be', () => {
  expect(describePush(withoutText)).toMatchObject({ title: 'Ann', body: 'mentioned you' })
  expect(describePush({ ...withoutText, language: 'vi-VN', kind: 'direct' })).toMatchObject({
    title: 'Ann',
    body: 'đã nhắn cho bạn',
    language: 'vi',
  })
  expect(describePush(withoutSender)).toMatchObject({ title: 'Parley', body: 'Something new for you' })
})

it('leads to the room where somebody was added, and names it if it may', () => {
  const added = { ...push, kind: 'added', text: '' }
  expect(describePush(added)).toMatchObject({ title: 'Ann', body: 'added you to Ferry', path: '/r/r1' })
  expect(describePush({ ...withoutText, kind: 'added' }).body).toBe('added you to a chat')
})

it('says that somebody is calling or that their call was missed, and leads to the room', () => {
  const ring = { ...withoutText, kind: 'ring', media: 'video', room_name: 'Ferry' }
  expect(describePush(ring)).toEqual({
    title: 'Ann · Ferry',
    body: 'is calling',
    language: 'en',
    path: '/r/r1',
  })
  expect(describePush({ ...withoutText, kind: 'call', media: 'video', text: '' })).toMatchObject({
    title: 'Ann',
    body: 'Missed video call',
    path: '/r/r1',
  })
  const bodies = ['ring', 'call'].map((kind) => describePush({ ...withoutSender, kind, language: 'vi' }).body)
  expect(bodies).toEqual(['Cuộc gọi đến', 'Cuộc gọi nhỡ'])
})

it('speaks English of a language or a kind it does not know', () => {
  expect(describePush({ ...withoutText, language: 'tlh', kind: 'waved' })).toMatchObject({
    title: 'Ann',
    body: 'Something new for you',
    language: 'en',
  })
})
