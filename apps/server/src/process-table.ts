/** A table of processes that keeps itself up to date on a terminal; elsewhere it is printed once, and then only news. */
import type { ClusterProcess } from './topology/cluster/start-cluster.ts'

const REFRESH_MS = 1_000

export interface ProcessTable {
  /** A line that stays. */
  say(line: string): void
  /** The same on standard error. */
  warn(line: string): void
  refresh(): void
  /** From now on the table is shown. */
  start(): void
  stop(): void
}

/** What the table needs of a terminal, or of what is in its place. */
export interface TableOutput {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
}

export function createProcessTable(
  output: TableOutput,
  errors: Pick<TableOutput, 'write'>,
  read: () => ClusterProcess[],
): ProcessTable {
  const isLive = output.isTTY === true
  let timer: NodeJS.Timeout | undefined
  let shown: readonly string[] = []

  /** Up to where the table began, and nothing below. */
  function wipe(): void {
    // A terminal that was made narrower meanwhile has wrapped what was shown.
    const columns = output.columns ?? Number.POSITIVE_INFINITY
    const rows = shown.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0)
    if (rows > 0) output.write(`\u001b[${rows}A\u001b[J`)
    shown = []
  }

  /** Cut to the terminal: what has wrapped or scrolled away cannot be taken back. */
  function show(): void {
    const { columns = Number.POSITIVE_INFINITY, rows = Number.POSITIVE_INFINITY } = output
    const lines = renderTable(read(), Date.now())
    wipe()
    shown = lines.slice(0, Math.max(1, rows - 1)).map((line) => line.slice(0, Math.max(1, columns - 1)))
    output.write(`${shown.join('\n')}\n`)
  }

  /** Above the table, if there is one. */
  function print(to: Pick<TableOutput, 'write'>, line: string): void {
    if (timer === undefined) return void to.write(`${line}\n`)
    wipe()
    to.write(`${line}\n`)
    show()
  }

  return {
    say: (line) => print(output, line),
    warn: (line) => print(errors, line),
    refresh() {
      if (timer !== undefined) show()
    },
    start() {
      if (!isLive) return void output.write(`${renderTable(read(), Date.now()).join('\n')}\n`)
      timer = setInterval(show, REFRESH_MS)
      show()
    },
    stop() {
      clearInterval(timer)
      timer = undefined
      shown = []
    },
  }
}

const HEADINGS = ['process', 'pid', 'state', 'listens on', 'for', 'restarts']

export function renderTable(processes: readonly ClusterProcess[], now: number): string[] {
  const rows = processes.map(({ name, pid, state, at, startedAt, restarts }) => [
    name,
    pid === undefined ? '–' : `${pid}`,
    state,
    at,
    startedAt === 0 ? '' : spell(now - startedAt),
    restarts === 0 ? '' : `${restarts}`,
  ])
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  return [HEADINGS, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** `42 s`, `7 min`, `3 h`. */
function spell(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  return `${Math.floor(seconds / 3_600)} h`
}
