/** Whether an address is one that strangers must not make this server talk to. */
import { BlockList, isIP } from 'node:net'

/** All that is not the public internet: own machine, own networks, what is reserved, and what leads to IPv4 by detours. */
const privateNetworks: readonly (readonly [network: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]
/** The only addresses of IPv6 that are handed out, and what of them is not the internet. */
const PUBLIC_IPV6 = ['2000::', 3] as const
const privateIpv6: readonly (readonly [network: string, prefix: number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

const blocked = new BlockList()
for (const [network, prefix] of privateNetworks) blocked.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of privateIpv6) blocked.addSubnet(network, prefix, 'ipv6')
const open = new BlockList()
open.addSubnet(...PUBLIC_IPV6, 'ipv6')

/** True for what is no address at all. */
export function isPrivateAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return blocked.check(address, 'ipv4')
    case 6:
      // Of IPv4 in IPv6 (`::ffff:10.0.0.1`) none is open.
      return !open.check(address, 'ipv6') || blocked.check(address, 'ipv6')
    default:
      return true
  }
}
