import { ParleyError } from '@parley/protocol'
import { z } from 'zod'
import { mailOwners } from '../mail.ts'

/**
 * Durable background work: what is due outside the moment of a request.
 *
 * Order: none; handlers go by what the item says, such as `(room, seq)`. Atomicity: an item is stored whole or not at
 * all. Loss: none once `publish` has resolved. Repetition: possible at any time, so handlers are idempotent. A handler
 * that throws is tried again after a delay, a bounded number of times; then the item is put aside as dead, to be
 * looked at and replayed. Cost: one round trip a `publish`, however many items.
 */
export interface WorkItem {
  /** Unique; the same after a repetition. */
  readonly id: string
  /** JSON text. */
  readonly body: string
}

/** What happened, and which queues hear of it: a queue is one consumer's, shared by its replicas. */
export const workTopics = {
  /** Rooms have new entries: `{ heads: { [room]: seq }, trace? }`. */
  'room.entries': ['rooms.index', 'notifications.entries'],
  /** A letter is to be sent: `{ owner, id }`. Its words are asked of the service that owns it, at that moment. */
  'mail.due': ['mail.send'],
  /** A push to a device is due: `{ push }`, the id of its row. */
  'push.send': ['notifications.push'],
} as const satisfies Record<string, readonly string[]>

/** What the bodies of a topic's items are as JSON. */
export const workBodies = {
  'room.entries': z.object({
    heads: z.record(z.string(), z.int().nonnegative()),
    /** Where a recorded journey stands that the item belongs to. */
    trace: z.string().optional(),
  }),
  'mail.due': z.object({ owner: z.enum(mailOwners), id: z.string() }),
  'push.send': z.object({ push: z.string() }),
} as const satisfies Record<keyof typeof workTopics, z.ZodType>

export type WorkTopic = keyof typeof workTopics
export type WorkQueueName = (typeof workTopics)[WorkTopic][number]

/** Of a process whose roles have no background work. */
export const noWorkQueue: WorkQueue = {
  publish: () => Promise.reject(new ParleyError('unavailable')),
  consume: () => Promise.reject(new ParleyError('unavailable')),
  close: async () => {},
}

export interface WorkQueue {
  /** Resolves once every queue of the topic has the items on disk. Throws `unavailable` when that is not known. */
  publish(topic: WorkTopic, items: readonly WorkItem[]): Promise<void>
  /**
   * Hands over items as they come, up to `atOnce` of them at a time; resolves when it listens, or will once the queue
   * is there again. The returned function lets handlers finish and ends it.
   */
  consume(
    queue: WorkQueueName,
    atOnce: number,
    handler: (item: WorkItem) => Promise<void>,
  ): Promise<() => Promise<void>>
  close(): Promise<void>
}
