import { createDatabase } from '@parley/adapters/postgres/create-database'
import { silentLog } from '@parley/contracts'
import { authMigrations } from '@parley/services/auth/migrations'
import { roomsMigrations } from '@parley/services/rooms/migrations'
import { expect, onTestFinished, test } from 'vitest'
import { grantServiceRoles, roleOf } from '../../apps/server/src/topology/service-roles.ts'
import { createTestDatabase } from '../support/test-database.ts'

const sets = [{ schema: 'auth', migrations: authMigrations }, roomsMigrations]

test('a service reads and writes its own schema and cannot look into a neighbour’s', async () => {
  const { connection, database, drop } = await createTestDatabase(sets)
  onTestFinished(drop)
  await grantServiceRoles(database, sets)
  await grantServiceRoles(database, sets)
  for (const [own, foreign] of [
    ['auth.account', 'rooms.room'],
    ['rooms.room', 'auth.account'],
  ] as const) {
    const [schema = ''] = own.split('.')
    const service = createDatabase({
      connection: { ...connection, user: roleOf(schema) },
      maxConnections: 1,
      log: silentLog,
    })
    try {
      await service.query(`delete from ${own}`)
      await expect(service.query(`select * from ${foreign}`)).rejects.toMatchObject({ code: '42501' })
      await expect(service.query(`drop table ${own}`)).rejects.toMatchObject({ code: '42501' })
    } finally {
      await service.close()
    }
  }
})
