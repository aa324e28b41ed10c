import { expect, onTestFinished, test } from 'vitest'
import { createTestDatabase } from '../support/test-database.ts'
import { freePort, startTestServer } from '../support/test-server.ts'
import { runParley, temporaryDirectory } from './run-parley.ts'

test('a PostgreSQL of one’s own serves instead of the embedded one, and one Parley at a time', async () => {
  const { connection, drop } = await createTestDatabase([])
  const { host, port, user, database } = connection
  const PARLEY_DATABASE_URL = `postgresql:///${database}?host=${encodeURIComponent(host)}&port=${port}&user=${user}`
  const server = await startTestServer({ env: { PARLEY_DATABASE_URL } })
  onTestFinished(async () => {
    await server.stop()
    await drop()
  })
  const registered = await fetch(`${server.url}/api/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'own.database', password: 'a long enough password' }),
  })
  expect(registered.status).toBe(201)
  await expect(server.postgresPid()).rejects.toThrow('ENOENT')

  const second = await runParley(['start'], {
    PARLEY_DATABASE_URL,
    PARLEY_DATA: await temporaryDirectory(),
    PARLEY_PORT: String(await freePort()),
  })
  expect(second.code).toBe(1)
  expect(second.errors).toContain('Another Parley runs on this database')

  // The operator's commands share it with the server.
  const list = await runParley(['user', 'list'], {
    PARLEY_DATABASE_URL,
    PARLEY_DATA: await temporaryDirectory(),
  })
  expect(list.output).toContain('own.database')
  expect((await server.stop()).code).toBe(0)
})

test('a service’s own PostgreSQL that is away is a sentence with its address and its setting', async () => {
  const away = `127.0.0.1:${await freePort()}`
  const { code, errors } = await runParley(['start'], {
    PARLEY_ROLES: 'auth',
    PARLEY_DATABASE_URL: 'postgresql://parley@elsewhere.invalid/parley',
    PARLEY_AUTH_DATABASE_URL: `postgresql://parley:hush-hush@${away}/accounts`,
    PARLEY_REDIS_URL: `redis://127.0.0.1:${await freePort()}`,
    PARLEY_RABBITMQ_URL: `amqp://127.0.0.1:${await freePort()}`,
    PARLEY_SERVICE_KEY: 'a1b2c3d4e5f60718293a4b5c6d7e8f90',
    PARLEY_ROOMS_URLS: `http://127.0.0.1:${await freePort()}`,
    PARLEY_INTERNAL_PORT: String(await freePort()),
    PARLEY_DATA: await temporaryDirectory(),
  })
  expect([code, errors.trim()]).toEqual([
    1,
    `The database at ${away}/accounts refuses connections: is PostgreSQL running there? Check PARLEY_AUTH_DATABASE_URL.`,
  ])
})
