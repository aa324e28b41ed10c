import { expect, test } from 'vitest'
import { PostgresStartFailed } from './errors.ts'
import { settingArguments } from './server-settings.ts'

test("the caller's settings win over the defaults", () => {
  expect(settingArguments()).toContain('max_connections=40')
  const changed = settingArguments({ max_connections: '60', 'pg_trgm.similarity_threshold': '0.2' })
  expect(changed).toContain('max_connections=60')
  expect(changed).toContain('pg_trgm.similarity_threshold=0.2')
  expect(changed).not.toContain('max_connections=40')
})

test.each(['listen_addresses', 'Unix_Socket_Directories', 'log_line_prefix', 'a=b', '', '-D'])(
  'the setting "%s" is refused, not ignored',
  (name) => {
    expect(() => settingArguments({ [name]: '*' })).toThrow(PostgresStartFailed)
  },
)
