/** `parley queue …`: background work that waits, and work that was put aside as dead. */
import { type WorkQueueName, workTopics } from '@parley/contracts'
import type { Command } from 'commander'
import { PlainError } from '../plain-error.ts'
import type { DeadLetters } from '../topology/with-dead-letters.ts'
import { addSettings, settingsOf } from './options.ts'

const SHOWN_DEFAULT = 20
const SHOWN_MAX = 1_000
const BODY_MAX_CHARS = 200

const queueNames: readonly string[] = [...new Set(Object.values(workTopics).flat())]

export function addQueueCommand(program: Command): void {
  const queue = program
    .command('queue')
    .summary('look at background work, and put dead items back')
    .description(
      'Look after the background work of a distributed deployment. Works beside running processes.',
    )

  addAction(queue.command('list').description('show how much waits in each queue'), async (letters) => {
    const figures = await letters.list()
    printTable([
      ['QUEUE', 'READY', 'RETRYING', 'DEAD', 'CONSUMERS'],
      ...figures.map((one) => [one.queue, ...[one.ready, one.retrying, one.dead, one.consumers].map(String)]),
    ])
  })
  addAction(
    queue
      .command('show')
      .description('show dead items, oldest first; they stay where they are')
      .option('--limit <number>', `items of each queue, up to ${SHOWN_MAX}`, String(SHOWN_DEFAULT)),
    async (letters, options) => {
      const items = await letters.show(readLimit(options.limit))
      for (const { queue: name, id, attempts, error, body } of items) {
        console.log(`${name}  ${id}  attempts: ${attempts}`)
        console.log(`  ${plain(error)}\n  ${plain(body, BODY_MAX_CHARS)}`)
      }
      if (items.length === 0) console.log('Nothing is dead.')
    },
  )
  addAction(
    queue
      .command('replay')
      .description('put dead items back on their queue, once what they failed of is mended')
      .option('--queue <name>', 'only those of this queue; all by default'),
    async (letters, options) => {
      const replayed = await letters.replay(readQueue(options.queue))
      console.log(
        replayed === 1 ? '1 item is back on its queue.' : `${replayed} items are back on their queues.`,
      )
    },
  )
}

interface Options {
  readonly limit?: string
  readonly queue?: string
}

function addAction(command: Command, work: (letters: DeadLetters, options: Options) => Promise<void>): void {
  addSettings(command, ['rabbitmqUrl']).action(async () => {
    const { withDeadLetters } = await import('../topology/with-dead-letters.ts')
    const options = command.opts<Options>()
    // Asked for wrongly is said before anything is reached for.
    readLimit(options.limit)
    readQueue(options.queue)
    await withDeadLetters(settingsOf(command), (letters) => work(letters, options))
  })
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return SHOWN_DEFAULT
  const limit = Number(text)
  if (/^\d+$/.test(text) && limit >= 1 && limit <= SHOWN_MAX) return limit
  throw new PlainError(`--limit must be a whole number from 1 to ${SHOWN_MAX}, not "${text}".`)
}

function readQueue(name: string | undefined): WorkQueueName | undefined {
  if (name === undefined) return undefined
  if (queueNames.includes(name)) return name as WorkQueueName
  throw new PlainError(`There is no queue ${name}; there are: ${queueNames.join(', ')}.`)
}

/** One line, without what a terminal would obey. */
function plain(text: string, maxChars = Number.POSITIVE_INFINITY): string {
  const line = text.replaceAll(/\p{Cc}+/gu, ' ')
  return line.length > maxChars ? `${line.slice(0, maxChars)}… (${line.length} characters)` : line
}

function printTable(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    console.log(cells.join('  '))
  }
}
