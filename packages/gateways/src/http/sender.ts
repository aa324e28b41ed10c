import type { IncomingHttpHeaders } from 'node:http'
import type { MailLocale } from '@parley/protocol'
import { addressKey } from './address-key.ts'

const DEVICE_NAME_MAX_CHARS = 200
const ADDRESS_MAX_CHARS = 64

/** Empty when the other end has hung up already: its socket no longer knows. */
export function addressOf(request: { readonly ip: string | undefined }): string {
  return (request.ip ?? '').slice(0, ADDRESS_MAX_CHARS)
}

/** What the auth service may know of the other end. Header bytes are Latin-1 and anybody's: kept printable and short. */
export function senderOf(request: {
  readonly headers: IncomingHttpHeaders
  readonly ip: string | undefined
}): {
  device_name: string
  address: string
} {
  const agent = request.headers['user-agent'] ?? ''
  return {
    device_name: agent
      .replace(/[^\x20-\x7e]+/g, ' ')
      .trim()
      .slice(0, DEVICE_NAME_MAX_CHARS),
    // Auth limits by it: whoever has a /64 must not count as 2^64 people.
    address: addressKey(addressOf(request)),
  }
}

/** The language of ours that the other end likes best; English where it names none of them. */
export function localeOf({ headers }: { readonly headers: IncomingHttpHeaders }): MailLocale {
  const wishes = (headers['accept-language'] ?? '').split(',').map((wish) => {
    const [tag = '', ...parameters] = wish.trim().toLowerCase().split(';')
    const weight = parameters.map((one) => /^\s*q=([\d.]+)$/.exec(one)?.[1]).find((one) => one !== undefined)
    return { language: tag.split('-')[0], weight: Number(weight ?? 1) }
  })
  const liked = wishes
    .filter(({ language, weight }) => weight > 0 && (language === 'en' || language === 'vi'))
    .toSorted((a, b) => b.weight - a.weight)
  return liked[0]?.language === 'vi' ? 'vi' : 'en'
}
