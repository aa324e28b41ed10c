/** The audit of a fault: what was acknowledged is stored, seen by everybody, once and in order. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditScreen } from '../support/audit.ts'
import {
  createPeople,
  type Deployment,
  type Killable,
  type People,
  storedBodies,
  type Topology,
  until,
} from './topology.ts'

const MEMBERS = 4
const MESSAGES_EACH = 60
/** Kills while the talk goes on. */
const KILLS = 2

export function describeSurviveKill(topology: Topology<Killable>): void {
  describe(`a kill during talk on ${topology.name}`, () => {
    let deployment: Deployment & Killable
    let people: People
    beforeAll(async () => {
      deployment = await topology.start()
      people = createPeople(deployment)
    })
    afterAll(async () => {
      await people.stop()
      await deployment.stop()
    })

    it('loses, doubles and disorders nothing, and clients go on by themselves', async () => {
      const members = await Promise.all(Array.from({ length: MEMBERS }, (_, n) => people.join(`member${n}`)))
      const [owner, ...others] = members
      if (owner === undefined) throw new Error('nobody')
      const room = await owner.parley.createRoom({
        kind: 'group',
        name: 'Audit',
        usernames: others.map((other) => other.username),
      })
      const windows = members.map((member) => member.parley.timeline(room.id))
      for (const [index, window] of windows.entries()) {
        await until(
          members[index]?.parley.room(room.id) ?? owner.parley.room(room.id),
          (found) => found !== undefined,
        )
        await until(window, (state) => state.status === 'ready')
      }
      const expected = members.map((_, who) => Array.from({ length: MESSAGES_EACH }, (_, n) => `${who}:${n}`))
      for (let n = 0; n < MESSAGES_EACH; n++) {
        for (const [who, member] of members.entries()) member.parley.send(room.id, { body: `${who}:${n}` })
      }

      const recoveries: number[] = []
      for (let kill = 1; kill <= KILLS; kill++) {
        const target = (MEMBERS * MESSAGES_EACH * kill) / (KILLS + 2)
        await until(
          windows[0] as (typeof windows)[number],
          () => storedBodies(owner.parley, room.id).length >= target,
          30_000,
        )
        await deployment.killAndRestart()
        const began = performance.now()
        await Promise.all(
          members.map((member) =>
            until(member.parley.connection, (connection) => connection.status === 'online', 60_000),
          ),
        )
        recoveries.push(Math.round(performance.now() - began))
      }
      const total = MEMBERS * MESSAGES_EACH
      for (const [index, window] of windows.entries()) {
        const member = members[index]
        if (member !== undefined)
          await until(window, () => storedBodies(member.parley, room.id).length >= total, 60_000)
      }
      const audits = members.map((member) => auditScreen(storedBodies(member.parley, room.id), expected))
      console.log(
        JSON.stringify({
          fault: 'kill',
          topology: topology.name,
          acked: total,
          ...audits[0],
          recovery_ms: recoveries,
        }),
      )
      for (const found of audits) expect(found).toEqual({ lost: 0, duplicated: 0, out_of_order: 0 })
      expect(new Set(members.map((member) => storedBodies(member.parley, room.id).join('|'))).size).toBe(1)
    })
  })
}
