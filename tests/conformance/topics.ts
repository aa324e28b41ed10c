import { access } from './cases/access.ts'
import { accounts } from './cases/accounts.ts'
import { email } from './cases/email.ts'
import { errors } from './cases/errors.ts'
import { fuzz } from './cases/fuzz.ts'
import { history } from './cases/history.ts'
import { membership } from './cases/members.ts'
import { messages } from './cases/messages.ts'
import { names } from './cases/names.ts'
import { notifications } from './cases/notifications.ts'
import { operations } from './cases/operations.ts'
import { ordering } from './cases/ordering.ts'
import { origin } from './cases/origin.ts'
import { reactions } from './cases/reactions.ts'
import { rooms } from './cases/rooms.ts'
import { seeds } from './cases/seeds.ts'
import { sessions } from './cases/sessions.ts'
import { socketOpen } from './cases/socket-open.ts'
import { socketPushes } from './cases/socket-pushes.ts'
import { socketRequests } from './cases/socket-requests.ts'
import { socketResume } from './cases/socket-resume.ts'
import { standby } from './cases/standby.ts'
import { users } from './cases/users.ts'
import type { Topic } from './lib/runner.ts'

/** Everything the suite checks, in the order it starts. */
export const TOPICS: readonly Topic[] = [
  operations,
  errors,
  origin,
  names,
  accounts,
  sessions,
  email,
  users,
  rooms,
  membership,
  messages,
  reactions,
  notifications,
  history,
  socketOpen,
  socketRequests,
  socketPushes,
  socketResume,
  ordering,
  standby,
  seeds,
  access,
  fuzz,
]
