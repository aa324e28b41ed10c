import { parseArgs } from 'node:util'

/** The server under test and how to run against it. */
export interface Target {
  readonly base: URL
  /** An `Origin` the server allows; its own by default. */
  readonly origin: string
  readonly isLoopback: boolean
  readonly metricsToken: string | undefined
}

export interface Options {
  readonly target: Target
  readonly only: string | undefined
  readonly jobs: number
  readonly seed: number
  readonly includeLong: boolean
  readonly verbose: boolean
}

export const USAGE = `usage: npm run conformance -- URL [--only TEXT] [--jobs N] [--seed N] [--origin ORIGIN] [--long] [--verbose]

  URL       where the server answers, such as http://localhost:8080
  --only    run the cases whose topic, name or sentence contains TEXT (case-insensitive)
  --jobs    cases at a time, 1 to 32 (default 6)
  --seed    seed of the fuzz cases (default: a new one, printed)
  --origin  an allowed Origin, when it is not the URL's own
  --long    also the cases that need more than a minute
  --verbose list the cases that pass, too

The token for /metrics of a remote server comes from CONFORMANCE_METRICS_TOKEN.`

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** @throws Error with a sentence for the person at the keyboard. */
export function readOptions(args: string[], env: NodeJS.ProcessEnv): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      jobs: { type: 'string', default: '6' },
      seed: { type: 'string' },
      origin: { type: 'string' },
      long: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
    },
  })
  const url = positionals[0]
  if (url === undefined || positionals.length > 1) throw new Error('exactly one URL is needed')
  const base = new URL(url)
  if (base.protocol !== 'http:' && base.protocol !== 'https:')
    throw new Error('the URL must be http or https')
  return {
    target: {
      base,
      origin: values.origin ?? base.origin,
      isLoopback: LOOPBACK.has(base.hostname),
      metricsToken: env.CONFORMANCE_METRICS_TOKEN,
    },
    only: values.only?.toLowerCase(),
    jobs: whole('jobs', values.jobs, 1, 32),
    seed: values.seed === undefined ? Date.now() % 1_000_000 : whole('seed', values.seed, 0, 4_294_967_295),
    includeLong: values.long,
    verbose: values.verbose,
  }
}

function whole(name: string, text: string, low: number, high: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new Error(`--${name} must be a whole number from ${low} to ${high}`)
  }
  return value
}
