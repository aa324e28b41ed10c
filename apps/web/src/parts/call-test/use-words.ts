import { useCallback } from 'react'
import type { Step } from './run-test.ts'
import { useTestTexts } from './test-texts.ts'

/** A step as a person reads it. */
export interface StepWords {
  readonly title: string
  /** The address of a relay. */
  readonly detail: string
  readonly level: string
  readonly sentence: string
}

export function useWords(): (step: Step) => StepWords {
  const { t } = useTestTexts()
  return useCallback(
    ({ name, server, verdict }) => ({
      title:
        server === undefined ? t(`step.${name}`) : `${t('step.turn')} ${t(`transport.${server.transport}`)}`,
      detail: server?.url ?? '',
      level: verdict === null ? '' : t(`level.${verdict.level}`),
      sentence: verdict === null ? t(`doing.${name}`) : t(`verdict.${verdict.key}`, { ...verdict.values }),
    }),
    [t],
  )
}
