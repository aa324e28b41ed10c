/** Networks that let no WebSocket through: the same people talk over server-sent events, or over polls. */
import type { CreateParleyOptions } from '@parley/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createPeople,
  type Deployment,
  type People,
  type Person,
  storedBodies,
  type Topology,
  until,
} from './topology.ts'

type Fetch = NonNullable<CreateParleyOptions['fetch']>

/** A proxy that keeps every answer until it is complete: an endless one never arrives. */
const bufferingFetch: Fetch = async (input, init) => {
  const response = await fetch(input, init)
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) return response
  return new Response(new ReadableStream({ cancel: () => response.body?.cancel() }), response)
}

const NETWORKS: readonly { readonly transport: 'stream' | 'poll'; readonly options: CreateParleyOptions }[] =
  [
    { transport: 'stream', options: { WebSocket: null } },
    { transport: 'poll', options: { WebSocket: null, fetch: bufferingFetch } },
  ]

export function describeStandBy(topology: Topology): void {
  // Each body has people of its own, and polls wait for seconds.
  describe.concurrent(`the stand-by link on ${topology.name}`, () => {
    let deployment: Deployment
    let people: People
    let ann: Person
    beforeAll(async () => {
      deployment = await topology.start()
      people = createPeople(deployment)
      ann = await people.join('ann')
    })
    afterAll(async () => {
      await people.stop()
      await deployment.stop()
    })

    it.each(NETWORKS)('somebody on $transport talks with somebody on a socket', async (network) => {
      const carl = await people.join('carl', {
        ...network.options,
        baseUrl: deployment.urls.at(-1) ?? ann.url,
      })
      expect(carl.parley.connection.get().transport).toBe(network.transport)
      expect(ann.parley.connection.get().transport).toBe('socket')
      const room = await ann.parley.createRoom({ kind: 'direct', usernames: [carl.username] })
      await until(carl.parley.room(room.id), (found) => found !== undefined)
      const windows = [ann, carl].map((person) => person.parley.timeline(room.id))
      for (const window of windows) await until(window, (state) => state.status === 'ready')
      for (let n = 0; n < 5; n++) {
        ann.parley.send(room.id, { body: `socket ${n}` })
        carl.parley.send(room.id, { body: `${network.transport} ${n}` })
      }
      for (const [index, window] of windows.entries()) {
        const { parley } = index === 0 ? ann : carl
        await until(window, () => storedBodies(parley, room.id).length === 10, 30_000)
      }
      const bodies = storedBodies(carl.parley, room.id)
      expect(bodies).toEqual(storedBodies(ann.parley, room.id))
      expect(bodies.filter((body) => body.startsWith('socket'))).toEqual(
        Array.from({ length: 5 }, (_, n) => `socket ${n}`),
      )

      // Requests and pushes other than messages travel the same way.
      carl.parley.markRead(room.id, carl.parley.room(room.id).get()?.head_seq ?? 0)
      await until(ann.parley.timeline(room.id), (state) =>
        state.items.some(
          (item) => item.type === 'message' && item.body === 'socket 4' && item.state === 'read',
        ),
      )
      const end = carl.parley.watch([ann.id])
      await until(carl.parley.presence(ann.id), (presence) => presence?.state === 'online')
      end()
      await carl.parley.stop()
    })

    it('a device on the stand-by link that is revoked at another door is signed out', async () => {
      const carl = await people.join('carl')
      const elsewhere = deployment.urls.find((url) => url !== carl.url) ?? carl.url
      const second = await people.device(carl, { WebSocket: null, baseUrl: elsewhere })
      expect(second.connection.get().transport).toBe('stream')
      const own = (await second.devices()).find((device) => device.current)
      await carl.parley.revokeDevice(own?.id ?? '')
      expect(await until(second.session, (session) => session.status === 'signed_out', 5_000)).toMatchObject({
        reason: 'revoked',
      })
      expect(carl.parley.session.get().status).toBe('signed_in')
    })
  })
}
