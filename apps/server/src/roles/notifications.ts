/** Who is told what, when and how; the inbox. */
import { createNotificationsService } from '@parley/services/notifications/create-notifications-service'
import { notificationsMigrations } from '@parley/services/notifications/migrations'
import type { RoleContext, RoleModule, RunningRole } from '../role.ts'

export const connectionsMax: NonNullable<RoleModule['connectionsMax']> = 8

export const migrations: NonNullable<RoleModule['migrations']> = notificationsMigrations

export async function start(context: RoleContext): Promise<RunningRole> {
  const { bus, queue, clock, newId, log, services, tracer } = context
  const mailer = await context.mail?.openMailer()
  const service = createNotificationsService({
    database: context.database('notifications', connectionsMax),
    bus,
    queue,
    clock,
    newId,
    log,
    tracer,
    rooms: services.rooms,
    sessions: services.sessions,
    auth: services.auth,
    mail:
      context.mail === undefined || mailer === undefined
        ? undefined
        : { mailer, publicUrl: context.mail.publicUrl, auth: services.auth },
    push: { transport: context.openPushTransport(), contact: context.pushContact },
  })
  context.provide('notifications', service)
  await service.start()
  return {
    async close() {
      mailer?.close()
      await service.close()
    },
  }
}
