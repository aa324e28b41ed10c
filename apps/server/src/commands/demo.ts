/** `parley demo`: fills a running server with a believable team. */
import type { Command } from 'commander'
import { PlainError } from '../plain-error.ts'
import { isLocal } from '../settings/origins.ts'

/** Known to everyone, which is why it is only used on this machine. */
const LOCAL_PASSWORD = 'xe-dap-xanh-2026'

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .summary('fill a running server with a believable team')
    .description(
      'Fill a running server with people, rooms and conversations in English and Vietnamese. A second run changes nothing.',
    )
    .option('--url <url>', 'where the server runs (on this machine, at PARLEY_PORT or 8080)')
    .option('--password <password>', `password of everyone in the team (on this machine: ${LOCAL_PASSWORD})`)
    .action(async (options: { url?: string; password?: string }) => {
      const { createApi } = await import('../demo/api.ts')
      const { people } = await import('../demo/people.ts')
      const { playDemo } = await import('../demo/play.ts')
      const url = options.url ?? `http://localhost:${process.env.PARLEY_PORT ?? '8080'}`
      if (!/^https?:/.test(url) || !URL.canParse(url)) {
        throw new PlainError(`--url must be an address such as http://localhost:8080, not "${url}".`)
      }
      const base = new URL(url)
      const password = options.password ?? (isLocal(base.hostname) ? LOCAL_PASSWORD : undefined)
      if (password === undefined) {
        throw new PlainError(
          `Choose a password for the team with --password: ${base.hostname} is not this machine.`,
        )
      }
      await playDemo({ api: createApi(base), password, say: (line) => console.log(line) })
      console.log(
        `\nLook around at ${base.origin} as  ${people[0]?.username}  with the password  ${password}`,
      )
      console.log(
        `Everyone else has the same password: ${people
          .slice(1)
          .map(({ username }) => username)
          .join(', ')}`,
      )
    })
}
