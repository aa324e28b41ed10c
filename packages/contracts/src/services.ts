/** Every service there is, by the name of its role. */
import { authContract } from './auth.ts'
import { callsContract } from './calls.ts'
import type { ServiceOf } from './contract.ts'
import { filesContract } from './files.ts'
import { notificationsContract } from './notifications.ts'
import { roomsContract } from './rooms.ts'
import { schedulerContract } from './scheduler.ts'
import { sessionsContract } from './sessions.ts'

export const serviceContracts = {
  auth: authContract,
  sessions: sessionsContract,
  rooms: roomsContract,
  notifications: notificationsContract,
  files: filesContract,
  scheduler: schedulerContract,
  calls: callsContract,
} as const

export type ServiceName = keyof typeof serviceContracts
export type Services = { readonly [Name in ServiceName]: ServiceOf<(typeof serviceContracts)[Name]> }
export const serviceNames = Object.keys(serviceContracts) as ServiceName[]

/** One of something for each service. */
export function forEachService<Result>(
  make: (name: ServiceName) => Result,
): Readonly<Record<ServiceName, Result>> {
  return Object.fromEntries(serviceNames.map((name) => [name, make(name)])) as Record<ServiceName, Result>
}
