import type { MailTexts } from './texts.ts'

export const en: MailTexts = {
  hello: (name) => `Hello ${name},`,
  from: (host) => `This letter comes from the Parley server at ${host}.`,
  verify: {
    subject: 'Confirm your e-mail address',
    words: (username) =>
      `Please confirm that this address belongs to the account “${username}”. The link works for 24 hours.`,
    action: 'Confirm the address',
    otherwise: 'If this account is not yours, do nothing: the address stays unconfirmed.',
  },
  reset: {
    subject: 'Choose a new password',
    words: (username) =>
      `Somebody, we hope you, asked for a new password for the account “${username}”. The link works once, within an hour. All devices are signed out then.`,
    action: 'Choose a new password',
    otherwise: 'If it was not you, do nothing: your password stays as it is.',
  },
  newDevice: {
    subject: 'New sign-in to your account',
    words: (username) => `Somebody signed in to the account “${username}”.`,
    facts: (device, when, address) => `Device: ${device}\nTime: ${when}\nAddress: ${address}`,
    unknownDevice: 'unknown',
    action: 'See your signed-in devices',
    otherwise:
      'If it was you, there is nothing to do. If not, sign that device out and change your password.',
  },
  digest: {
    subject: (count) =>
      count === 1 ? 'One unread notification for you' : `${count} unread notifications for you`,
    words: (count) =>
      count === 1 ? 'this has been waiting for you:' : `these ${count} have been waiting for you:`,
    direct: (name) => `Conversation with ${name}`,
    what: {
      mention: (name) => `${name} mentioned you`,
      reply: (name) => `${name} answered you`,
      added: (name) => `${name} added you`,
      direct: (name) => name,
      message: (name) => name,
      call: (name) => `Missed call from ${name}`,
    },
    more: (count) => (count === 1 ? 'And one more in your inbox.' : `And ${count} more in your inbox.`),
    action: 'Open the inbox',
    why: 'You get this because messages stayed unread. How soon, and whether at all, is set in the settings under “E-mail”.',
    unsubscribe: 'Unsubscribe with one click',
  },
}
