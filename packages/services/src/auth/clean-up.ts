/** Removes what no longer matters: expired revocations, ended and forgotten devices, retired keys, links of letters. */
import type { AuthContext } from './context.ts'

/** Longer than any token lives, so that an access token never outlives the row of its device. */
const KEEP_DEVICES_MS = 2 * 86_400_000

export async function cleanUp({ database, clock }: AuthContext): Promise<void> {
  const now = clock.now()
  await database.query('delete from auth.revocation where until <= $1', [now])
  await database.query('delete from auth.device where ended_at <= $1', [now - KEEP_DEVICES_MS])
  await database.query('delete from auth.device where refresh_until <= $1', [now - KEEP_DEVICES_MS])
  await database.query('delete from auth.mail_token where expires_at <= $1', [now])
  await database.query('delete from auth.signing_key where retires_at <= $1', [now])
}
