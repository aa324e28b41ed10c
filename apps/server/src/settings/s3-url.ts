/** A bucket as one URL: `s3://KEY:SECRET@host/bucket/prefix?region=eu-central-1`; `s3+http://` where nothing is encrypted. */
import { PlainError } from '../plain-error.ts'

export interface S3Place {
  readonly origin: string
  readonly bucket: string
  /** Empty, or ending with a slash. */
  readonly prefix: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const EXAMPLE = 's3://KEY:SECRET@s3.eu-central-1.example.com/bucket?region=eu-central-1'
const PROTOCOLS: Readonly<Record<string, string>> = { 's3:': 'https', 's3+http:': 'http' }
/** What the server of most names means when it is asked for none. */
const USUAL_REGION = 'us-east-1'

export function isS3Url(text: string): boolean {
  return /^s3(\+[a-z]*)?:/i.test(text)
}

/** Throws `PlainError`, which never repeats the text: it holds a secret. */
export function readS3Url(text: string): S3Place {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const protocol = PROTOCOLS[url?.protocol ?? '']
  if (url === undefined || protocol === undefined || url.hostname === '')
    throw new PlainError(`must be a directory or a URL such as ${EXAMPLE}`)
  const [bucket = '', ...folders] = decode(url.pathname.slice(1)).replace(/\/+$/, '').split('/')
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw new PlainError(`must name a bucket as its path, such as ${EXAMPLE}`)
  if (!folders.every((name) => /^[A-Za-z0-9_-]{1,64}$/.test(name)))
    throw new PlainError('must have a prefix of letters, digits, - and _, in folders separated by /')
  if (url.username === '' || url.password === '')
    throw new PlainError(`must have a key and its secret, such as ${EXAMPLE}; in the secret write / as %2F`)
  if (url.hash !== '' || [...url.searchParams.keys()].some((name) => name !== 'region'))
    throw new PlainError('takes one parameter, region')
  return {
    origin: `${protocol}://${url.host}`,
    bucket,
    prefix: folders.map((name) => `${name}/`).join(''),
    region: url.searchParams.get('region') ?? USUAL_REGION,
    accessKeyId: decode(url.username),
    secretAccessKey: decode(url.password),
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new PlainError(
      'must have every % followed by two hexadecimal digits of UTF-8; % itself is written %25',
    )
  }
}
