import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { watchSignals } from './watch-signals.ts'

function setUp() {
  const source = new EventEmitter()
  const seen: string[] = []
  let now = 0
  const stop = watchSignals(
    { drain: (signal) => seen.push(`drain ${signal}`), abandon: (signal) => seen.push(`abandon ${signal}`) },
    source,
    () => now,
  )
  return {
    seen,
    stop,
    send(signal: NodeJS.Signals, at: number) {
      now = at
      source.emit(signal, signal)
    },
  }
}

test('one Ctrl-C that arrives twice, from the terminal and from npm, only drains', () => {
  const { seen, send } = setUp()
  send('SIGINT', 0)
  send('SIGINT', 399)
  expect(seen).toEqual(['drain SIGINT'])
})

test('a second Ctrl-C ends at once', () => {
  const { seen, send } = setUp()
  send('SIGTERM', 0)
  send('SIGINT', 400)
  expect(seen).toEqual(['drain SIGTERM', 'abandon SIGINT'])
})

test('nothing is heard after the watch has ended', () => {
  const { seen, send, stop } = setUp()
  stop()
  send('SIGINT', 0)
  expect(seen).toEqual([])
})
