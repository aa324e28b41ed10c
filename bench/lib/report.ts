/** Tables for a terminal and for a README: the same Markdown serves both, padded so that it reads as it is. */

export interface Table {
  columns: { title: string; align: 'left' | 'right' }[]
  rows: string[][]
}

export function markdownTable({ columns, rows }: Table): string {
  const widths = columns.map(({ title }, i) =>
    Math.max(3, title.length, ...rows.map((row) => row[i]?.length ?? 0)),
  )
  const pad = (text: string, i: number) =>
    columns[i]?.align === 'right' ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)
  const line = (cells: string[]) => `| ${cells.map(pad).join(' | ')} |`
  const rule = columns.map(({ align }, i) => {
    const dashes = '-'.repeat((widths[i] ?? 3) - 1)
    return align === 'right' ? `${dashes}:` : `${dashes}-`
  })
  return [line(columns.map(({ title }) => title)), line(rule), ...rows.map(line)].join('\n')
}

/** Three significant digits and thousands separators: more would claim more than a few rounds can tell. */
export function formatCount(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : 1 })
}

export function formatPercent(share: number): string {
  return `${Math.round(share * 100)} %`
}

export function formatRatio(ratio: number): string {
  return `${Number(ratio.toPrecision(ratio < 100 ? 2 : 3))} ×`
}
