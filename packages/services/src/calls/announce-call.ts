/** Tells devices what a step of a call means to them. May be lost: who is in a call asks for its state every few seconds. */
import { type Bus, type RoomEvent, roomTopic, type UserEvent, userTopic } from '@parley/contracts'
import type { CallShape } from '@parley/protocol/calls'
import type { Call, CallSignal } from './call-machine.ts'

export function announceCall(bus: Bus, call: Call, signals: readonly CallSignal[]): void {
  const shape = toShape(call)
  for (const signal of signals) {
    if (signal.signal === 'state') publish(bus, roomTopic(call.room), { type: 'call', call: shape })
    else publish(bus, userTopic(signal.user), toEvent(signal, shape))
  }
}

function toEvent(signal: Exclude<CallSignal, { signal: 'state' }>, call: CallShape): UserEvent {
  if (signal.signal === 'ring') return { type: 'call', event: 'ring', call }
  if (signal.signal === 'silence') return { type: 'call', event: 'silence', call, why: signal.why }
  return { type: 'call', event: 'dismiss', call, endpoint: signal.endpoint }
}

function publish(bus: Bus, topic: string, event: UserEvent | RoomEvent): void {
  bus.publish(topic, JSON.stringify(event))
}

export function toShape(call: Call): CallShape {
  const { id, room, version, media, transport, startedBy, startedAt, answeredAt, ended } = call
  return {
    id,
    room,
    version,
    media,
    transport: { kind: transport.kind, generation: transport.generation },
    started_by: startedBy,
    started_at: startedAt,
    ...(answeredAt === undefined ? {} : { answered_at: answeredAt }),
    ...(ended === undefined ? {} : { ended_at: ended.at }),
    participants: Object.entries(call.participants).map(
      ([user, { standing, endpoint, lostAt, soundOnly }]) => ({
        user,
        standing,
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(lostAt === undefined ? {} : { lost: true as const }),
        ...(soundOnly === undefined ? {} : { sound_only: soundOnly }),
      }),
    ),
  }
}
