import { expect, test } from 'vitest'
import { createProcessTable } from './process-table.ts'

const process = {
  name: 'parley ws',
  pid: 4_711,
  state: 'ready',
  at: '127.0.0.1:40001',
  startedAt: 0,
  restarts: 0,
}

/** A terminal of `columns`, and what was written to it since it was last asked. */
function createTerminal(columns: number) {
  let written = ''
  return {
    isTTY: true,
    columns,
    rows: 24,
    write(text: string) {
      written += text
    },
    take() {
      const text = written
      written = ''
      return text
    },
  }
}

test('a warning stands above the table, which is drawn again below it', () => {
  const terminal = createTerminal(80)
  const table = createProcessTable(terminal, terminal, () => [process])
  table.warn('before')
  expect(terminal.take()).toBe('before\n')
  table.start()
  const drawn = terminal.take()
  expect(drawn.split('\n')).toHaveLength(3)
  table.warn('Redis is away')
  expect(terminal.take()).toBe(`\u001b[2A\u001b[JRedis is away\n${drawn}`)
  table.stop()
})

test('lines are cut to the terminal, and those that a narrower one has wrapped are all taken back', () => {
  const terminal = createTerminal(30)
  const table = createProcessTable(terminal, terminal, () => [process])
  table.start()
  const lines = terminal.take().trimEnd().split('\n')
  expect(lines.map((line) => line.length)).toEqual([29, 29])
  terminal.columns = 10
  table.refresh()
  expect(terminal.take().startsWith('\u001b[6A\u001b[J')).toBe(true)
  table.stop()
})

test('where there is no terminal, the table is printed once, then only news, errors apart', () => {
  const [output, errors] = [createTerminal(30), createTerminal(30)]
  const table = createProcessTable({ write: output.write }, errors, () => [process])
  table.start()
  expect(output.take()).toContain('127.0.0.1:40001')
  table.refresh()
  table.warn('Redis is away')
  expect([output.take(), errors.take()]).toEqual(['', 'Redis is away\n'])
})
