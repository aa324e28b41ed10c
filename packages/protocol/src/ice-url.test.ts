import { expect, test } from 'vitest'
import { parseIceUrl } from './ice-url.ts'

test.for([
  ['stun:stun.example.org', 'stun', 'udp', 'stun.example.org', 3478],
  ['stuns:stun.example.org', 'stun', 'tls', 'stun.example.org', 5349],
  ['turn:192.0.2.7:3479', 'turn', 'udp', '192.0.2.7', 3479],
  ['turn:turn.example.org:3478?transport=udp', 'turn', 'udp', 'turn.example.org', 3478],
  ['turn:turn.example.org?transport=tcp', 'turn', 'tcp', 'turn.example.org', 3478],
  ['turns:turn.example.org:443?transport=tcp', 'turn', 'tls', 'turn.example.org', 443],
  ['turns:[2001:db8::7]', 'turn', 'tls', '2001:db8::7', 5349],
  ['TURN:t:65535', 'turn', 'udp', 't', 65_535],
] as const)('%s is read as browsers read it', ([url, protocol, transport, host, port]) => {
  expect(parseIceUrl(url)).toEqual({ url, protocol, transport, host, port })
})

test.for([
  'turn.example.org',
  'turn://turn.example.org',
  'https://turn.example.org',
  'turn:user@turn.example.org',
  'turn:turn.example.org:0',
  'turn:turn.example.org:65536',
  'turn:turn.example.org?transport=sctp',
  'turns:turn.example.org?transport=udp',
  'stun:stun.example.org?transport=udp',
  'turn:[turn.example.org]',
  'turn:2001:db8::7',
  'turn:',
  '',
])('"%s" is none', (url) => {
  expect(parseIceUrl(url)).toBeUndefined()
})
