/**
 * The front door's configuration from `deploy/nginx/parley.conf.template`, the file that the image of nginx renders
 * with envsubst: one source for a container, for `parley cluster` and for the tests.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const TEMPLATE = join(import.meta.dirname, '../../../../deploy/nginx/parley.conf.template')
const HOST_AND_PORT = /^(?:http:\/\/)?((?:\[[0-9a-f:]+\]|[a-z0-9.-]+):\d{1,5})\/?$/i
const VARIABLE = /\$\{(FRONT_[A-Z_]+)\}/g

/** After one failure a replica is left out this long; a restart takes about as long. */
const LEFT_OUT = 'max_fails=1 fail_timeout=1s'
const NEVER_LEFT_OUT = 'max_fails=0'

/** Every variable of the template. Those that hold directives end them with a semicolon. */
export interface FrontDoorVariables {
  /** `resolver 127.0.0.11 valid=2s;` where names of servers change their addresses; otherwise empty. */
  readonly FRONT_RESOLVER: string
  /** `listen` directives. `listen 443 ssl http2;` is understood from nginx 1.22 to the newest. */
  readonly FRONT_LISTEN: string
  readonly FRONT_SERVER_NAME: string
  /** `ssl_certificate …; ssl_certificate_key …;`, or empty. */
  readonly FRONT_TLS: string
  /** `on`: whoever comes without TLS is sent to `https://`. */
  readonly FRONT_HTTPS_ONLY: 'on' | 'off'
  /** Requests and sockets at once from one network address. */
  readonly FRONT_ADDRESS_CONNECTIONS: string
  /** `server` directives of the processes that run `http`, left out for a second after a failure. */
  readonly FRONT_HTTP_SERVERS: string
  /** The same, never left out. */
  readonly FRONT_HTTP_SERVERS_ANY: string
  /** `server` directives of the processes that run `ws`. */
  readonly FRONT_WS_SERVERS: string
  readonly FRONT_WS_SERVERS_ANY: string
}

/** Throws when the template names a variable that is not given. */
export function renderTemplate(template: string, variables: Readonly<Record<string, string>>): string {
  return template.replace(VARIABLE, (_, name: string) => {
    const value = variables[name]
    if (value === undefined) throw new Error(`the template wants ${name}, which was not given`)
    return value
  })
}

/** The text to be included inside `http { … }`. */
export async function renderFrontDoor(variables: FrontDoorVariables): Promise<string> {
  return renderTemplate(await readFile(TEMPLATE, 'utf8'), { ...variables })
}

/** `server` directives of both kinds for these addresses: `host:port`, or `http://host:port`. */
export function serversOf(addresses: readonly string[]): { marked: string; any: string } {
  if (addresses.length === 0) throw new Error('nginx needs at least one server of each kind')
  const hosts = addresses.map(hostOf)
  return {
    marked: hosts.map((host) => `server ${host} ${LEFT_OUT};`).join(' '),
    any: hosts.map((host) => `server ${host} ${NEVER_LEFT_OUT};`).join(' '),
  }
}

/** Nothing but a host and a port gets into the configuration. */
function hostOf(address: string): string {
  const host = HOST_AND_PORT.exec(address)?.[1]
  if (host === undefined) throw new Error(`${address} is not host:port`)
  return host
}
