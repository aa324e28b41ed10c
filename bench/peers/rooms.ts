/**
 * What both broadcasting peers share, so that the work beside their libraries is the same: sequence numbers per room
 * and an entry with the fields of Parley's own (`protocol.md`), stored nowhere.
 */

export interface Incoming {
  room: string
  client_id: string
  body: string
}

export interface Entry extends Incoming {
  t: 'entry'
  seq: number
  kind: 'message'
  from: string
  at: number
}

/** Numbers the entries of each room from 1. */
export function createLog(now: () => number): (message: Incoming, from: string) => Entry {
  const heads = new Map<string, number>()
  return ({ room, client_id, body }, from) => {
    const seq = (heads.get(room) ?? 0) + 1
    heads.set(room, seq)
    return { t: 'entry', room, seq, kind: 'message', from, at: now(), client_id, body }
  }
}

/** Tells the parent which port was taken. */
export function reportPort(address: unknown): void {
  process.send?.({ port: (address as { port: number }).port })
}

/** For a peer that has nothing to put in order: it ends when its parent does. */
export function endWithParent(): void {
  process.once('disconnect', () => process.exit(0))
}
