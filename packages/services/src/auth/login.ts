/** A sign-in by user name or e-mail. An unknown name and a wrong password answer alike and take the same time. */
import { isStorable, ParleyError } from '@parley/protocol'
import { ACCOUNT_COLUMNS, type AccountRow } from './accounts.ts'
import type { AuthContext, AuthVerb } from './context.ts'
import { announceRevocations, endDevices } from './end-devices.ts'
import { tellNewDevice } from './mail/tell-new-device.ts'
import { insertDevice, prepareDevice, toSignIn } from './start-device.ts'

/** The ones used longest ago end when there are more. */
export const DEVICES_MAX_PER_USER = 100

interface LoginRow extends AccountRow {
  password_hash: string
  disabled: boolean
}

export const login: AuthVerb<'login'> = async (context, input) => {
  const name = input.login.trim().toLowerCase()
  const account = isStorable(name) ? await findAccount(context, name) : undefined
  const subject = account?.id ?? `name:${name}`
  await context.throttle.admit(subject, input.address)
  if (!(await context.passwords.verify(account?.password_hash, input.password)) || account === undefined) {
    throw new ParleyError('bad_credentials')
  }
  context.throttle.succeeded(subject, input.address)
  if (account.disabled) throw new ParleyError('forbidden', { message: 'This account is disabled.' })

  const device = await prepareDevice(context, account.id, {
    name: input.device_name,
    lifetime: input.lifetime,
  })
  const now = context.clock.now()
  const checked = { id: account.id, passwordHash: account.password_hash }
  if (!(await insertDevice(context.database, now, checked, device))) throw new ParleyError('bad_credentials')
  await endSurplus(context, account.id)
  await tellNewDevice(context, account.id, { name: device.name, address: input.address })
  return toSignIn(account, device)
}

/** A user name cannot contain `@`, an e-mail address always does. */
async function findAccount({ database }: AuthContext, name: string): Promise<LoginRow | undefined> {
  const byEmail = name.includes('@')
  const { rows } = await database.query<LoginRow>(
    `select ${ACCOUNT_COLUMNS}, account.password_hash, account.disabled
     from auth.account as account where ${byEmail ? 'email' : 'username'} = $1`,
    [name],
    byEmail ? 'auth-login-email' : 'auth-login-username',
  )
  return rows[0]
}

async function endSurplus({ database, clock, bus }: AuthContext, account: string): Promise<void> {
  const surplus = `select id from auth.device where account = $1 and ended_at is null
    order by last_seen_at desc, id desc offset $2`
  const found = await database.query(surplus, [account, DEVICES_MAX_PER_USER], 'auth-surplus-devices')
  if (found.rowCount === 0) return
  const ended = await database.transaction(async (transaction) => {
    // The account first, as everywhere, so that two of these cannot wait for each other.
    await transaction.query('select 1 from auth.account where id = $1 for update', [account])
    const { rows } = await transaction.query<{ id: string }>(surplus, [account, DEVICES_MAX_PER_USER])
    return endDevices(transaction, clock.now(), { account, devices: rows.map((row) => row.id) })
  })
  announceRevocations(bus, ended)
}
