import { expect, test } from 'vitest'
import { parsePasswd } from './choose-account.ts'

test('root, accounts without a usable number and broken lines are never run as', () => {
  const text = [
    'root:x:0:0:root:/root:/bin/sh',
    'nobody:*:-2:-2:macOS writes it so:/:/bin/false',
    'toor:x:0:0::/:/bin/sh',
    'empty:x:::::',
    '+::::::',
    '',
    'huge:x:4294967296:1::/:/bin/sh',
    '_postgres:*:216:216:PostgreSQL:/var/empty:/usr/bin/false',
  ].join('\n')
  expect([...parsePasswd(text)]).toEqual([['_postgres', { uid: 216, gid: 216 }]])
})
