/** Which pages may use cookies here, and the address to print. */
import { hostname, networkInterfaces } from 'node:os'
import type { Settings } from './table.ts'

const WILDCARDS = new Set(['0.0.0.0', '::'])

/** Exact origins that are allowed. */
export function allowedOrigins(settings: Settings): readonly string[] {
  if (settings.origins !== undefined) return settings.origins
  const names = ['localhost', '127.0.0.1', ...ownNames(settings.host)]
  const own = names.map((name) => httpOrigin(name, settings.port))
  return [...new Set(settings.publicUrl === undefined ? own : [settings.publicUrl, ...own])]
}

/** Addresses under which people reach this process, the best first. */
export function reachableUrls(settings: Settings): readonly string[] {
  if (settings.publicUrl !== undefined) return [settings.publicUrl]
  const names = isLocal(settings.host)
    ? ['localhost']
    : WILDCARDS.has(settings.host)
      ? ['localhost', ...interfaceAddresses()]
      : [settings.host]
  return names.map((name) => httpOrigin(name, settings.port))
}

/** Where this machine itself finds the server, whatever it listens on. */
export function loopbackUrl(settings: Pick<Settings, 'host' | 'port'>): string {
  const name = WILDCARDS.has(settings.host) ? '127.0.0.1' : settings.host
  return httpOrigin(name, settings.port)
}

/** How the other processes of a deployment reach this one. `name` is that of this machine. */
export function ownInternalUrl(
  settings: Pick<Settings, 'internalUrl' | 'internalHost' | 'internalPort'>,
  name = hostname(),
): string {
  const { internalUrl, internalHost, internalPort } = settings
  if (internalUrl !== undefined) return internalUrl
  if (!WILDCARDS.has(internalHost)) return httpOrigin(internalHost, internalPort)
  return httpOrigin(readsAsAddress(name) ? anyAddress() : name, internalPort)
}

/**
 * A URL takes a name whose last part is a number for an IPv4 address, and the name of a container is twelve
 * hexadecimal digits, which may all be decimal.
 */
function readsAsAddress(name: string): boolean {
  return /(^|\.)(\d+|0x[0-9a-f]*)\.?$/i.test(name)
}

/** IPv4 first, since `0.0.0.0` listens on nothing else. */
function anyAddress(): string {
  const addresses = interfaceAddresses()
  return addresses.find((address) => !address.includes(':')) ?? addresses[0] ?? '127.0.0.1'
}

export function isLocal(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

function ownNames(host: string): string[] {
  if (host === '::1') return ['::1']
  return WILDCARDS.has(host)
    ? ['::1', ...[hostname().toLowerCase()].filter((name) => !readsAsAddress(name)), ...interfaceAddresses()]
    : [host.toLowerCase()]
}

/** Link-local addresses are left out: their origin would need a zone, which browsers do not send. */
function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => !address.internal && !address.address.startsWith('fe80'))
    .map((address) => address.address)
}

/** As a browser writes it: the default port is left out. */
function httpOrigin(name: string, port: number): string {
  return new URL(`http://${name.includes(':') ? `[${name}]` : name}:${port}`).origin
}
