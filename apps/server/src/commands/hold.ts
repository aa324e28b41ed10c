/** `parley hold …`: what must not be deleted, whoever asks for it. */
import { userInfo } from 'node:os'
import type { Database } from '@parley/contracts'
import type { Hold, HoldScope } from '@parley/services/rooms/holds'
import type { Command } from 'commander'
import { PlainError } from '../plain-error.ts'
import type { Settings } from '../settings/table.ts'
import { addSettings, settingsOf } from './options.ts'

const EXPORT_PAGE = 500

interface Options {
  readonly reason?: string
  readonly all?: boolean
}

export function addHoldCommand(program: Command): void {
  const hold = program
    .command('hold')
    .summary('place, list and lift legal holds')
    .description(
      'Legal holds: what is held is not deleted by retention, by its author or with its room. Works beside a running deployment, and without one.',
    )
  addAction(
    hold
      .command('list')
      .description('show the holds there are')
      .option('--all', 'also those that were lifted: who placed and who lifted them'),
    (settings, _args, options) => list(settings, options),
  )
  addAction(
    hold
      .command('add')
      .description('place a hold on the whole server, a room or a person')
      .argument('<scope>', 'server, room or user')
      .argument('[name]', 'the id of the room or its name if it is public; the name of the person')
      .requiredOption('--reason <text>', 'why; it is kept for ever'),
    add,
  )
  addAction(
    hold
      .command('remove')
      .description('lift a hold; what it alone has kept is deleted by the next run of retention')
      .argument('<id>', 'as "parley hold list" shows it'),
    (settings, [id]) => remove(settings, Number(id)),
  )
  addAction(
    hold
      .command('export')
      .description('print what a hold has kept of what people no longer see, one JSON object a line')
      .argument('<id>', 'as "parley hold list" shows it'),
    (settings, [id]) => exportKept(settings, Number(id)),
  )
}

type Action = (settings: Settings, args: readonly string[], options: Options) => Promise<void>

function addAction(command: Command, action: Action): void {
  addSettings(command, ['data', 'databaseUrl', 'roomsDatabaseUrl', 'log']).action(() =>
    action(settingsOf(command), command.args, command.opts<Options>()),
  )
}

async function withHolds(
  settings: Settings,
  work: (database: Database, holds: typeof import('@parley/services/rooms/holds')) => Promise<void>,
): Promise<void> {
  const { withRooms } = await import('../topology/with-jobs.ts')
  const { createLog } = await import('../log/create-log.ts')
  const holds = await import('@parley/services/rooms/holds')
  const log = createLog({
    level: settings.log === 'info' ? 'warn' : settings.log,
    pretty: process.stderr.isTTY,
  })
  await withRooms(settings, log, (database) => work(database, holds))
}

function list(settings: Settings, { all = false }: Options): Promise<void> {
  return withHolds(settings, async (database, { listHolds }) => {
    const holds = await listHolds(database, { all })
    for (const hold of holds) console.log(describe(hold))
    if (holds.length === 0) console.log('There is no hold.')
  })
}

function add(
  settings: Settings,
  [scope = '', name]: readonly string[],
  { reason = '' }: Options,
): Promise<void> {
  if (!isScope(scope)) throw new PlainError('A hold is on: server, room or user.')
  if ((scope === 'server') !== (name === undefined))
    throw new PlainError(
      scope === 'server' ? 'The server has no name here.' : `Which ${scope}? Its name is missing.`,
    )
  if (reason.trim() === '') throw new PlainError('A hold needs a reason.')
  return withHolds(settings, async (database, { findHoldTarget, placeHold }) => {
    const target = scope === 'server' ? '' : await findHoldTarget(database, scope, name ?? '')
    if (target === undefined) throw new PlainError(`There is no ${scope} ${name}.`)
    const placed = await placeHold(database, { scope, target, reason, by: operator() })
    console.log(`${placed.fresh ? 'placed' : 'is there already'}: ${describe(placed.hold)}`)
  })
}

function remove(settings: Settings, id: number): Promise<void> {
  return withHolds(settings, async (database, { liftHold }) => {
    const lifted = Number.isSafeInteger(id) ? await liftHold(database, id, operator()) : undefined
    if (lifted === undefined)
      throw new PlainError('There is no such hold: "parley hold list" shows those there are.')
    console.log(describe(lifted))
  })
}

function exportKept(settings: Settings, id: number): Promise<void> {
  return withHolds(settings, async (database, { listHolds, listKept }) => {
    const hold = (await listHolds(database, { all: true })).find((one) => one.id === id)
    if (hold === undefined)
      throw new PlainError('There is no such hold: "parley hold list --all" shows them.')
    let after: { room: string; seq: number } | undefined
    do {
      const rows = await listKept(database, hold, {
        ...(after === undefined ? {} : { after }),
        limit: EXPORT_PAGE,
      })
      for (const row of rows) console.log(JSON.stringify(row))
      after = rows.length < EXPORT_PAGE ? undefined : rows.at(-1)
    } while (after !== undefined)
  })
}

const isScope = (text: string): text is HoldScope => ['server', 'room', 'user'].includes(text)

/** Who did it: the account of the machine that the command ran under. */
function operator(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`
  }
}

/** On one line, and nothing in it that a terminal would obey: reasons and names are what somebody typed. */
const cleaned = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()

function describe(hold: Hold): string {
  const what = hold.scope === 'server' ? 'the server' : `${hold.scope} ${cleaned(hold.name ?? hold.target)}`
  const lifted =
    hold.lifted_at === null ? '' : `; lifted ${hold.lifted_at.toISOString()} by ${hold.lifted_by ?? '?'}`
  return `${hold.id}  ${what}: ${cleaned(hold.reason)} (placed ${hold.placed_at.toISOString()} by ${hold.placed_by}${lifted})`
}
