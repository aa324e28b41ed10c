/** How the sound and pictures of a call travel: browser to browser (mesh) as long as that bears it, else by a media server. */
import { type CallMedia, MESH_MAX_USERS } from '@parley/protocol/calls'
import { type Call, present } from './call-machine.ts'

/** A place for one call on a media server. */
export interface SfuPlace {
  readonly server: string
  /** What the server knows the call as, and what it asks of whoever wants in. */
  readonly room: string
  readonly secret: string
}

/** Whoever is in the call connects anew when the generation grows. */
export type Transport =
  | { readonly kind: 'mesh'; readonly generation: number }
  | ({ readonly kind: 'sfu'; readonly generation: number } & SfuPlace)

export function firstTransport(media: CallMedia, size: number, sfu: SfuPlace | null): Transport {
  return sfu !== null && size > MESH_MAX_USERS[media]
    ? { kind: 'sfu', generation: 1, ...sfu }
    : { kind: 'mesh', generation: 1 }
}

/** For one more: in the mesh, in the mesh without pictures, or by a media server. */
export function makeRoom(call: Call, sfu: SfuPlace | null): { call: Call; soundOnly: boolean } | 'full' {
  if (call.transport.kind === 'sfu') return { call, soundOnly: false }
  const there = present(call)
  const withPictures = there.filter((user) => call.participants[user]?.soundOnly === undefined)
  if (withPictures.length < MESH_MAX_USERS[call.media]) return { call, soundOnly: false }
  if (sfu !== null) return { call: moveCall(call, call.transport.generation, sfu), soundOnly: false }
  return there.length < MESH_MAX_USERS.sound ? { call, soundOnly: true } : 'full'
}

/**
 * Everybody connects anew. Without a media server whoever joined last gives up their pictures, and a call that the mesh
 * cannot bear stays where it is, as does one that has left this generation already.
 */
export function moveCall(call: Call, generation: number, sfu: SfuPlace | null): Call {
  if (generation !== call.transport.generation) return call
  const there = present(call)
  if (sfu === null && (call.transport.kind === 'mesh' || there.length > MESH_MAX_USERS.sound)) return call
  const since = (user: string): number => call.participants[user]?.joinedAt ?? 0
  const withPictures = there
    .toSorted((a, b) => since(a) - since(b))
    .slice(0, sfu === null ? MESH_MAX_USERS[call.media] : undefined)
  const participants = Object.entries(call.participants).map(([user, { soundOnly: _, ...one }]) => [
    user,
    one.standing === 'joined' && !withPictures.includes(user) ? { ...one, soundOnly: true } : one,
  ])
  return {
    ...call,
    transport:
      sfu === null
        ? { kind: 'mesh', generation: generation + 1 }
        : { kind: 'sfu', generation: generation + 1, ...sfu },
    participants: Object.fromEntries(participants),
  }
}
