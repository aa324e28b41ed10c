/** What a person can ask for and wait on: the calls that answer with a value. */
import type {
  Member,
  Message,
  NotificationSettings,
  NotifyLevel,
  Room,
  RoomStorage,
  SentFile,
  User,
} from '@parley/protocol'
import type { Page, Parley } from './api.ts'
import type { Core } from './core.ts'

type Verb =
  | 'createRoom'
  | 'searchRooms'
  | 'joinRoom'
  | 'leaveRoom'
  | 'renameRoom'
  | 'setRoomPicture'
  | 'deleteRoom'
  | 'members'
  | 'addMember'
  | 'removeMember'
  | 'banMember'
  | 'setRole'
  | 'searchUsers'
  | 'onlineUsers'
  | 'searchMessages'
  | 'pins'
  | 'files'
  | 'permissions'
  | 'claimSetup'
  | 'roomStorage'
  | 'setRoomStorage'
  | 'notifyLevel'
  | 'setNotifyLevel'
  | 'notificationSettings'
  | 'setNotificationSettings'
  | 'edit'
  | 'remove'
  | 'react'
  | 'unreact'
  | 'pin'
  | 'unpin'

const at = (room: string, rest = ''): string => `/rooms/${encodeURIComponent(room)}${rest}`
const memberAt = (room: string, user: string): string => at(room, `/members/${encodeURIComponent(user)}`)

function page<Item>(items: Item[], next: string | undefined): Page<Item> {
  return next === undefined ? { items } : { items, next }
}

export function createVerbs(core: Core, newId: () => string): Pick<Parley, Verb> {
  return {
    ...roomVerbs(core),
    ...memberVerbs(core),
    ...searchVerbs(core),
    ...notificationVerbs(core),
    ...messageVerbs(core, newId),
  }
}

function roomVerbs(
  core: Core,
): Pick<
  Parley,
  'createRoom' | 'searchRooms' | 'joinRoom' | 'leaveRoom' | 'renameRoom' | 'setRoomPicture' | 'deleteRoom'
> {
  const { rest } = core.session
  return {
    async createRoom(input) {
      const { room } = await rest.call<{ room: Room }>('POST', '/rooms', { body: input })
      core.takeRoom(room)
      return room
    },
    async searchRooms(query, cursor) {
      const trimmed = query.trim()
      const { rooms, next } = await rest.call<{ rooms: Room[]; next?: string }>('GET', '/rooms/search', {
        query: { query: trimmed === '' ? undefined : trimmed, cursor },
      })
      return page(rooms, next)
    },
    async joinRoom(id) {
      const { room } = await rest.call<{ room: Room }>('POST', at(id, '/join'))
      core.takeRoom(room)
      return room
    },
    async leaveRoom(id) {
      await rest.call('POST', at(id, '/leave'))
      core.rooms.remove(id)
    },
    async renameRoom(id, name) {
      await rest.call('PATCH', at(id), { body: { name } })
    },
    async setRoomPicture(id, file) {
      await rest.call('PATCH', at(id), { body: { picture_file_id: file } })
    },
    async deleteRoom(id) {
      await rest.call('DELETE', at(id))
      core.rooms.remove(id)
    },
  }
}

function memberVerbs(
  core: Core,
): Pick<
  Parley,
  'members' | 'addMember' | 'removeMember' | 'banMember' | 'roomStorage' | 'setRoomStorage' | 'setRole'
> {
  const { rest } = core.session
  return {
    async members(room, cursor) {
      const { members, next } = await rest.call<{ members: Member[]; next?: string }>(
        'GET',
        at(room, '/members'),
        {
          query: { cursor },
        },
      )
      core.takeMembers(room, members)
      return page(members, next)
    },
    async addMember(room, username) {
      const { member } = await rest.call<{ member: Member }>('POST', at(room, '/members'), {
        body: { username },
      })
      core.users.take(member.user)
      return member
    },
    async removeMember(room, user) {
      await rest.call('DELETE', memberAt(room, user))
    },
    async banMember(room, user) {
      await rest.call('POST', at(room, '/bans'), { body: { user_id: user } })
    },
    async roomStorage(room) {
      return (await rest.call<{ storage: RoomStorage }>('GET', at(room, '/storage'))).storage
    },
    async setRoomStorage(room, body) {
      return (await rest.call<{ storage: RoomStorage }>('PATCH', at(room, '/storage'), { body })).storage
    },
    async setRole(room, user, role) {
      return (await rest.call<{ member: Member }>('PATCH', memberAt(room, user), { body: { role } })).member
    },
  }
}

function searchVerbs(
  core: Core,
): Pick<
  Parley,
  'searchUsers' | 'onlineUsers' | 'searchMessages' | 'pins' | 'files' | 'permissions' | 'claimSetup'
> {
  const { rest } = core.session
  return {
    async searchUsers(query, cursor) {
      const answer = await rest.call<{ users: User[]; next?: string }>('GET', '/users', {
        query: { query, cursor },
      })
      for (const user of answer.users) core.users.take(user)
      return page(answer.users, answer.next)
    },
    async onlineUsers() {
      const { users } = await rest.call<{ users: User[] }>('GET', '/users', {
        query: { online: 1, limit: 200 },
      })
      for (const user of users) core.users.take(user)
      return users
    },
    async searchMessages({ query, room, cursor }) {
      const answer = await rest.call<{ messages: Message[]; next?: string }>('GET', '/search', {
        query: { query, room, cursor },
      })
      return page(answer.messages, answer.next)
    },
    async pins(room) {
      return (await rest.call<{ messages: Message[] }>('GET', at(room, '/pins'))).messages
    },
    async files(room, input = {}) {
      const { files, next } = await rest.call<{ files: SentFile[]; next?: string }>(
        'GET',
        at(room, '/files'),
        {
          query: { kind: input.kind, cursor: input.cursor },
        },
      )
      return page(files, next)
    },
    async permissions() {
      const { permissions, admin } = await rest.call<Awaited<ReturnType<Parley['permissions']>>>(
        'GET',
        '/users/me',
      )
      return { permissions, admin }
    },
    async claimSetup(code) {
      await rest.call('POST', '/admin/setup', { body: { code } })
    },
  }
}

function notificationVerbs(
  core: Core,
): Pick<Parley, 'notifyLevel' | 'setNotifyLevel' | 'notificationSettings' | 'setNotificationSettings'> {
  const { rest } = core.session
  const mine = '/users/me/notifications'
  return {
    async notifyLevel(room) {
      return (await rest.call<{ level: NotifyLevel }>('GET', at(room, '/notifications'))).level
    },
    async setNotifyLevel(room, level) {
      await rest.call('PATCH', at(room, '/notifications'), { body: { level } })
    },
    async notificationSettings() {
      return (await rest.call<{ settings: NotificationSettings }>('GET', mine)).settings
    },
    async setNotificationSettings(body) {
      return (await rest.call<{ settings: NotificationSettings }>('PATCH', mine, { body })).settings
    },
  }
}

function messageVerbs(
  core: Core,
  newId: () => string,
): Pick<Parley, 'edit' | 'remove' | 'react' | 'unreact' | 'pin' | 'unpin'> {
  const { connector } = core
  // With a key of its own each can be repeated on the next connection and still happens once.
  return {
    async edit(room, target, body) {
      await connector.request<'edit'>({ t: 'edit', room, target, body, client_id: newId() })
    },
    async remove(room, target) {
      await connector.request<'delete'>({ t: 'delete', room, target, client_id: newId() })
    },
    async react(room, target, emoji) {
      await connector.request<'react'>({ t: 'react', room, target, emoji, client_id: newId() })
    },
    async unreact(room, target, emoji) {
      await connector.request<'unreact'>({ t: 'unreact', room, target, emoji, client_id: newId() })
    },
    async pin(room, target) {
      await connector.request<'pin'>({ t: 'pin', room, target, client_id: newId() })
    },
    async unpin(room, target) {
      await connector.request<'unpin'>({ t: 'unpin', room, target, client_id: newId() })
    },
  }
}
