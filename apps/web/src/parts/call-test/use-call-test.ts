import { useCallback, useEffect, useRef, useState } from 'react'
import { useParley } from '../../app/context.ts'
import { useCallPreferences } from '../call/call-preferences.ts'
import { browserPort } from './browser-port.ts'
import { runTest, type Step } from './run-test.ts'

export interface CallTest {
  readonly status: 'idle' | 'running' | 'done'
  readonly steps: readonly Step[]
  /** What the camera sees, while it is looked through. */
  readonly picture: MediaStream | null
  /** How loud it is, 0 to 1, while the microphone is listened to. */
  readonly level: number
  /** The tone was played: was it heard? Null: nothing is asked. */
  readonly answer: ((heard: 'yes' | 'no' | 'again') => void) | null
  start(): void
  stop(): void
}

/** Ends with the screen it is on. */
export function useCallTest(): CallTest {
  const parley = useParley()
  const preferences = useCallPreferences()
  const [status, setStatus] = useState<CallTest['status']>('idle')
  const [steps, setSteps] = useState<readonly Step[]>([])
  const [picture, setPicture] = useState<MediaStream | null>(null)
  const [level, setLevel] = useState(0)
  const [answer, setAnswer] = useState<CallTest['answer']>(null)
  const running = useRef<AbortController | null>(null)

  const stop = useCallback(() => {
    running.current?.abort()
    running.current = null
    setAnswer(null)
    setStatus('idle')
  }, [])
  useEffect(() => () => running.current?.abort(), [])
  const start = () => {
    running.current?.abort()
    const control = new AbortController()
    const { signal } = control
    running.current = control
    const ask = () =>
      new Promise<'yes' | 'no' | 'again'>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
        setAnswer(() => (heard: 'yes' | 'no' | 'again') => {
          setAnswer(null)
          resolve(heard)
        })
      })
    setSteps([])
    setStatus('running')
    const port = browserPort({ parley, preferences, signal, show: setPicture, hear: setLevel, ask })
    void runTest(port, setSteps, signal).finally(() => {
      if (!signal.aborted) setStatus('done')
    })
  }
  return { status, steps, picture, level, answer, start, stop }
}
