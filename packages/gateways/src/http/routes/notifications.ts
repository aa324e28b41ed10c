import type { NotificationsService } from '@parley/contracts'
import * as rest from '@parley/protocol/rest'
import { type App, contextOf, principalOf } from '../gateway-types.ts'
import { pageOf } from './shapes.ts'

const tags = ['Notifications']

export function registerNotificationRoutes(app: App, deps: { notifications: NotificationsService }): void {
  registerInbox(app, deps.notifications)
  registerSettings(app, deps.notifications)
  registerRoomLevel(app, deps.notifications)
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
