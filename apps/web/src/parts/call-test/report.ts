/** What one gives to whoever helps: plain text, without credentials and without addresses of anybody. */
import type { StepWords } from './use-words.ts'

export interface ReportHead {
  readonly title: string
  /** Name and value of each line. */
  readonly facts: readonly (readonly [name: string, value: string])[]
}

export function reportOf({ title, facts }: ReportHead, steps: readonly StepWords[]): string {
  const head = facts.map(([name, value]) => `${name}: ${value}`)
  const body = steps.flatMap(({ title: step, detail, level, sentence }) => [
    '',
    `[${level}] ${step}${detail === '' ? '' : ` (${detail})`}`,
    sentence,
  ])
  return [title, ...head, ...body, ''].join('\n')
}
