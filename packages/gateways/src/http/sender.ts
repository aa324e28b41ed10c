import type { FastifyRequest } from 'fastify'

const DEVICE_NAME_MAX_CHARS = 200
const ADDRESS_MAX_CHARS = 64

/** What the auth service may know of the other end. Header bytes are Latin-1 and anybody's: kept printable and short. */
export function senderOf(request: Pick<FastifyRequest, 'headers' | 'ip'>): {
  device_name: string
  address: string
} {
  const agent = request.headers['user-agent'] ?? ''
  return {
    device_name: agent
      .replace(/[^\x20-\x7e]+/g, ' ')
      .trim()
      .slice(0, DEVICE_NAME_MAX_CHARS),
    address: request.ip.slice(0, ADDRESS_MAX_CHARS),
  }
}
