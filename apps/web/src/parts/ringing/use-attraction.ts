import type { CallShape } from '@parley/protocol/calls'
import { isQuiet } from '@parley/protocol/is-quiet'
import { useEffect, useState } from 'react'
import { useParley } from '../../app/context.ts'
import { flashTitle, inOnePage, notify, vibrate } from './attract.ts'
import { useRingPreference } from './ring-preference.ts'
import { startRingTone } from './ring-tone.ts'

interface AttractionOptions {
  readonly call: CallShape
  /** What the title and a notification say. */
  readonly text: string
  readonly body: string
  /** False: somebody has answered here already. */
  readonly wanted: boolean
  /** Talks in another call: a tone would be heard there. */
  readonly talking: boolean
}

/** Draws the eye and the ear to a call that rings, unless its owner wants to be left in peace. */
export function useAttraction({ call, text, body, wanted, talking }: AttractionOptions): void {
  const mayDisturb = useMayDisturb(call.room)
  const { push } = useParley()
  const [aloud] = useRingPreference()
  const active = wanted && mayDisturb
  useEffect(() => (active ? flashTitle(document, text) : undefined), [active, text])
  useEffect(() => {
    // Where the device is told by push, too, one notification is enough.
    if (!active || push.get() === 'on') return
    // Tabs of one browser ring as one device.
    return inOnePage(navigator.locks as LockManager | undefined, `parley.ring.${call.id}`, () => {
      const options = { body, tag: `call:${call.id}`, requireInteraction: true, icon: '/icon-maskable.svg' }
      return notify(text, options, () => undefined)
    })
  }, [active, call.id, text, body, push])
  const rings = active && aloud && !talking
  useEffect(() => {
    if (!rings) return
    return inOnePage(navigator.locks as LockManager | undefined, `parley.tone.${call.id}`, () => {
      const ends = [startRingTone(() => new AudioContext()), vibrate(navigator)]
      return () => {
        for (const end of ends) end()
      }
    })
  }, [rings, call.id])
}

/** False until the server said how its owner wants it, in general and of this room; true where it cannot be asked. */
function useMayDisturb(room: string): boolean {
  const parley = useParley()
  const [may, setMay] = useState(false)
  useEffect(() => {
    let current = true
    Promise.all([parley.notificationSettings(), parley.notifyLevel(room)]).then(
      ([settings, level]) => current && setMay(level !== 'none' && !isQuiet(Date.now(), settings)),
      () => current && setMay(true),
    )
    return () => {
      current = false
    }
  }, [parley, room])
  return may
}
