import type { NotificationsService } from '@parley/contracts'
import * as rest from '@parley/protocol/rest'
import { type App, contextOf, principalOf } from '../gateway-types.ts'
import { done, pageOf } from './shapes.ts'

const tags = ['Notifications']

export function registerNotificationRoutes(app: App, deps: { notifications: NotificationsService }): void {
  registerInbox(app, deps.notifications)
  registerSettings(app, deps.notifications)
  registerRoomLevel(app, deps.notifications)
  registerPush(app, deps.notifications)
}

function registerInbox(app: App, notifications: NotificationsService): void {
  app.get(
    '/notifications',
    {
      config: { access: 'user' },
      schema: {
        tags,
        operationId: 'listNotifications',
        summary: 'My inbox, newest first, and how much of it is unread',
        querystring: rest.pageQuery,
        response: { 200: rest.notificationsAnswer },
      },
    },
    (request) =>
      notifications.listNotifications(
        { user: principalOf(request).user, ...pageOf(request.query) },
        contextOf(request),
      ),
  )
  app.post(
    '/notifications/read',
    {
      config: { access: 'user' },
      schema: {
        tags,
        operationId: 'readNotifications',
        summary: 'Mark some or all as read, on all my devices; answers the newest page',
        body: rest.readNotificationsBody,
        response: { 200: rest.notificationsAnswer },
      },
    },
    (request) => {
      const { ids } = request.body
      return notifications.readNotifications(
        { user: principalOf(request).user, ...(ids === undefined ? {} : { ids }) },
        contextOf(request),
      )
    },
  )
}

function registerSettings(app: App, notifications: NotificationsService): void {
  app.get(
    '/users/me/notifications',
    {
      config: { access: 'user' },
      schema: {
        tags,
        operationId: 'getNotificationSettings',
        summary: 'When I do not want to be disturbed',
        response: { 200: rest.notificationSettingsAnswer },
      },
    },
    (request) =>
      notifications.getNotificationSettings({ user: principalOf(request).user }, contextOf(request)),
  )
  app.patch(
    '/users/me/notifications',
    {
      config: { access: 'user' },
      schema: {
        tags,
        operationId: 'setNotificationSettings',
        summary: 'Set or, by null, lift do-not-disturb and quiet hours',
        body: rest.notificationSettingsBody,
        response: { 200: rest.notificationSettingsAnswer },
      },
    },
    (request) =>
      notifications.setNotificationSettings(
        { ...request.body, user: principalOf(request).user },
        contextOf(request),
      ),
  )
}

function registerRoomLevel(app: App, notifications: NotificationsService): void {
  app.get(
    '/rooms/:id/notifications',
    {
      config: { access: 'user', errors: ['not_member'] },
      schema: {
        tags,
        operationId: 'getRoomNotifications',
        summary: 'What I hear of from a room: all messages, only what concerns me (default), or nothing',
        params: rest.idParams,
        response: { 200: rest.roomNotificationsAnswer },
      },
    },
    (request) =>
      notifications.getRoomLevel(
        { user: principalOf(request).user, room: request.params.id },
        contextOf(request),
      ),
  )
  app.patch(
    '/rooms/:id/notifications',
    {
      config: { access: 'user', errors: ['not_member'] },
      schema: {
        tags,
        operationId: 'setRoomNotifications',
        summary: 'Choose what I hear of from a room',
        params: rest.idParams,
        body: rest.roomNotificationsBody,
        response: { 200: rest.roomNotificationsAnswer },
      },
    },
    (request) =>
      notifications.setRoomLevel(
        { user: principalOf(request).user, room: request.params.id, level: request.body.level },
        contextOf(request),
      ),
  )
}

function registerPush(app: App, notifications: NotificationsService): void {
  app.get(
    '/push',
    {
      config: { access: 'user' },
      schema: {
        tags,
        operationId: 'getPush',
        summary: 'The key to subscribe to web push with, and whether pushes go to this device',
        response: { 200: rest.pushAnswer },
      },
    },
    (request) => {
      const { user, device } = principalOf(request)
      return notifications.getPush({ user, device }, contextOf(request))
    },
  )
  app.put(
    '/push/subscription',
    {
      config: { access: 'user' },
      schema: {
        tags,
        operationId: 'subscribePush',
        summary: 'Send pushes to this device, until its session ends',
        body: rest.pushSubscriptionBody,
        response: { 204: done },
      },
    },
    async (request, reply) => {
      const { user, device } = principalOf(request)
      await notifications.subscribePush({ user, device, subscription: request.body }, contextOf(request))
      return reply.code(204).send()
    },
  )
  app.delete(
    '/push/subscription',
    {
      config: { access: 'user' },
      schema: {
        tags,
        operationId: 'unsubscribePush',
        summary: 'Send no more pushes to this device',
        response: { 204: done },
      },
    },
    async (request, reply) => {
      const { user, device } = principalOf(request)
      await notifications.unsubscribePush({ user, device }, contextOf(request))
      return reply.code(204).send()
    },
  )
}
