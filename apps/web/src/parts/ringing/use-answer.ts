import type { CallShape } from '@parley/protocol/calls'
import { useState } from 'react'
import { useCalls } from '../../hooks/use-calls.ts'
import { errorCode } from '../../hooks/use-error-text.ts'
import { mediaProblem } from '../call/media-problem.ts'
import { useOpenPreJoin } from '../call/pre-join-store.ts'
import { useToasts } from '../toasts.tsx'
import { useAroundTexts } from './around-texts.ts'

interface Answering {
  /** `video`: with the camera on. Leaves another call that this tab is in. */
  answer(video: boolean): void
  decline(): void
  /** One of them is under way: it rings no more. */
  readonly busy: boolean
}

/** Where microphone or camera cannot be had, the dialog before calls says why and how to cure it. */
export function useAnswer({ id }: Pick<CallShape, 'id'>): Answering {
  const { t } = useAroundTexts()
  const calls = useCalls()
  const toasts = useToasts()
  const openPreJoin = useOpenPreJoin()
  const [busy, setBusy] = useState(false)
  const run = (work: Promise<void>) => {
    setBusy(true)
    work
      .catch((error: unknown) => {
        if (mediaProblem(error) !== undefined) openPreJoin({ call: id })
        else if (errorCode(error) === 'conflict') toasts.tell(t(isFull(error) ? 'ring.full' : 'ring.over'))
        else toasts.fail(error)
      })
      .finally(() => setBusy(false))
  }
  return {
    busy,
    answer(video) {
      // Says what is wrong with this browser.
      if (!calls.supported) return openPreJoin({ call: id })
      run(leaveAnd(() => calls.answer(id, { video })))
    },
    decline: () => run(calls.decline(id)),
  }

  async function leaveAnd(work: () => Promise<void>): Promise<void> {
    if (calls.get().current !== null) await calls.leave()
    await work()
  }
}

/** As the server says it in `details`. */
export function isFull(error: unknown): boolean {
  const details = (error as { details?: { reason?: unknown } | null }).details
  return details?.reason === 'call_full'
}
