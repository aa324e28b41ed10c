import type { Parley, ParleyOptions } from './api.ts'
import { Core } from './core.ts'
import { createEmails } from './emails.ts'
import { type ParleyInjectables, readEnvironment } from './environment.ts'
import { ownKey } from './store/timeline-items.ts'
import { fileUrl } from './upload.ts'
import { createVerbs } from './verbs.ts'

export type CreateParleyOptions = ParleyOptions & ParleyInjectables

/**
 * One person on one device. Nothing happens before `start`, `login` or `register`; `stop` ends everything.
 * Throws `TypeError` without `baseUrl` outside a browser.
 */
export function createParley(options: CreateParleyOptions = {}): Parley {
  const environment = readEnvironment(options)
  const core = new Core(environment)
  const { session } = core
  const ownClientId = (key: string): string => (key.startsWith('c:') ? key.slice(2) : key)
  return {
    session: session.state,
    connection: core.connection,
    rooms: core.rooms.list,
    roomsReady: core.rooms.ready,
    room: (id) => core.rooms.store(id),
    timeline: (room) => core.timelines.handle(room),
    user: (id) => core.users.get(id),
    presence: (id) => core.presences.get(id),
    watch: (users) => core.presences.watch(users),
    inbox: core.inbox,
    push: core.push,
    calls: core.calls,
    email: createEmails(session),

    start: () => core.start(),
    stop: async () => core.stop(),
    register: (input) => session.register(input),
    login: (input) => session.login(input),
    logout: () => {
      // The others need not wait until its silence tells them.
      void core.calls.leave()
      return session.logout()
    },
    changePassword: (input) => session.changePassword(input),
    devices: () => session.devices(),
    revokeDevice: (id) => session.revokeDevice(id),
    updateMe: (input) => session.updateMe(input),

    ...createVerbs(core, environment.newId),
    send: (room, message) => ownKey(core.outbox.add(room, message).client_id),
    upload: core.upload,
    fileUrl: (id, variant) => fileUrl(environment.baseUrl, id, variant),
    retry: (key) => void core.outbox.retry(ownClientId(key)),
    discard: (key) => void core.outbox.discard(ownClientId(key)),
    removeUpload: (key, upload) => void core.outbox.removeUpload(ownClientId(key), upload),
    canKeep: (files) => core.outbox.hasSpace(files.reduce((sum, { size }) => sum + size, 0)),
    uploadPart: (upload) => core.outbox.part(upload),
    uploadBytes: (upload) => core.outbox.bytes(upload),
    markRead: (room, seq) => core.marks.read(room, seq),
    typing: (room) => core.typing(room),
    setAttention: (looking) => core.presences.setAttention(looking),
  }
}
