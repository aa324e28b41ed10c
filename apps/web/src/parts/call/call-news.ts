/** What a screen reader is told while a call goes on. */
import type { CallPeer, CurrentCall } from '@parley/sdk/calls/call-types'

export type NewsKind =
  | 'joined'
  | 'left'
  | 'muted'
  | 'unmuted'
  | 'screen'
  | 'noScreen'
  | 'trouble'
  | 'well'
  | 'iMuted'
  | 'iUnmuted'

export interface News {
  readonly kind: NewsKind
  /** Null: oneself. */
  readonly user: string | null
}

/** In larger calls somebody's microphone goes on or off all the time. */
const MICROPHONES_MAX_PEERS = 6

export function newsBetween(before: CurrentCall, after: CurrentCall): readonly News[] {
  const peers = new Map(before.peers.map((peer) => [peer.user, peer]))
  const own: readonly News[] =
    before.local.sound === after.local.sound
      ? []
      : [{ kind: after.local.sound ? 'iUnmuted' : 'iMuted', user: null }]
  const there = after.peers.flatMap((peer) => {
    const old = peers.get(peer.user)
    peers.delete(peer.user)
    return changesOf(old, peer, after.peers.length).map((kind) => ({ kind, user: peer.user }))
  })
  return [...own, ...there, ...[...peers.keys()].map((user): News => ({ kind: 'left', user }))]
}

function changesOf(old: CallPeer | undefined, peer: CallPeer, count: number): readonly NewsKind[] {
  if (old === undefined) return ['joined']
  const changes: NewsKind[] = []
  if (old.sound !== peer.sound && count <= MICROPHONES_MAX_PEERS)
    changes.push(peer.sound ? 'unmuted' : 'muted')
  if (old.screen !== peer.screen) changes.push(peer.screen ? 'screen' : 'noScreen')
  if (old.state === 'connected' && (peer.state === 'reconnecting' || peer.state === 'failed'))
    changes.push('trouble')
  if ((old.state === 'reconnecting' || old.state === 'failed') && peer.state === 'connected')
    changes.push('well')
  return changes
}
