import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventLines } from './stream-transport.ts'

test('events are the same however the network cuts the bytes', () => {
  const text =
    ': a comment\n\ndata: {"t":"one"}\n\nevent: x\ndata:{"t":"two"}\r\n\r\nid: 7\ndata: a\ndata: b\n\n'
  fc.assert(
    fc.property(fc.array(fc.nat(text.length)), (cuts) => {
      const events: string[] = []
      const lines = new EventLines((data) => events.push(data))
      const places = [0, ...cuts.sort((a, b) => a - b), text.length]
      places.slice(1).forEach((end, index) => {
        lines.push(text.slice(places[index], end))
      })
      expect(events).toEqual(['{"t":"one"}', '{"t":"two"}', 'a\nb'])
    }),
  )
})
