/** Calls in a real browser: what is clicked, and what of sound and pictures really arrives, as WebRTC itself counts it. */
import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { eventually } from './screen.ts'
import type { PersonOptions, Stage, Visitor } from './support.ts'

/**
 * Somebody whose pages keep their peer connections where `received` finds them, and who has a small camera: two cores encode
 * and decode for everybody.
 */
export async function caller(
  stage: Pick<Stage, 'person'>,
  name: string,
  options: PersonOptions = {},
): Promise<Visitor> {
  const visitor = await stage.person(name, options)
  await visitor.context.addInitScript(`{
    const peers = (globalThis.callPeers = [])
    const Peer = globalThis.RTCPeerConnection
    globalThis.RTCPeerConnection = class extends Peer {
      constructor(...given) {
        super(...given)
        peers.push(this)
      }
    }
    const devices = navigator.mediaDevices
    const open = devices.getUserMedia.bind(devices)
    devices.getUserMedia = ({ audio, video }) => {
      const small = { width: 320, height: 180 }
      return open({ audio, video: video ? { ...(typeof video === 'object' ? video : {}), ...small } : false })
    }
  }`)
  await visitor.page.reload()
  return visitor
}

/** Hides this device's address from the others: everything goes through the relay. */
export async function relayOnly(visitor: Visitor): Promise<Visitor> {
  await visitor.page.evaluate(`localStorage.setItem('parley.calls', '{"relayOnly":true}')`)
  await visitor.page.reload()
  return visitor
}

interface Received {
  /** Frames decoded of every picture that comes in, by connection and section. */
  readonly frames: Readonly<Record<string, number>>
  /** How each of the living connections goes: `relay`, `host`, `srflx` or `prflx`. */
  readonly ways: readonly string[]
}

export function received(page: Page): Promise<Received> {
  return page.evaluate<Received>(`(async () => {
    const frames = {}
    const ways = []
    for (const [at, peer] of globalThis.callPeers.entries()) {
      if (peer.connectionState === 'closed') continue
      const stats = [...(await peer.getStats()).values()]
      for (const one of stats) {
        if (one.type === 'inbound-rtp' && one.kind === 'video') frames[at + ' ' + one.mid] = one.framesDecoded ?? 0
        if (one.type !== 'transport' || !one.selectedCandidatePairId) continue
        const pair = stats.find(({ id }) => id === one.selectedCandidatePairId)
        const local = stats.find(({ id }) => id === pair?.localCandidateId)
        if (local) ways.push(local.candidateType)
      }
    }
    return { frames, ways }
  })()`)
}

/** A camera here has five frames a second; a busy machine leaves a few of them out. */
const LIVING_MS = 600

/** Waits until exactly so many pictures are decoded, each with new frames just now. Milliseconds it took. */
export async function awaitPictures(page: Page, count: number, timeout = 20_000): Promise<number> {
  const beganAt = performance.now()
  const looks: { readonly at: number; readonly frames: Received['frames'] }[] = []
  const living = async (): Promise<string[]> => {
    const { frames } = await received(page)
    const at = performance.now()
    looks.push({ at, frames })
    const before = looks.findLast((look) => at - look.at >= LIVING_MS)?.frames
    if (before === undefined) return []
    return Object.keys(frames).filter((track) => (frames[track] ?? 0) > (before[track] ?? 0))
  }
  await eventually(async () => (await living()).length, timeout)
    .toBe(count)
    .catch(async (error: unknown) => {
      const { frames, ways } = await received(page)
      const shown = await page.getByRole('list', { name: 'People in the call' }).allInnerTexts()
      throw new Error(`of ${count} pictures: ${JSON.stringify({ frames, ways, shown })}`, { cause: error })
    })
  return Math.round(performance.now() - beganAt)
}

/** Chooses the call in the conversation's header; answers what confirms it. */
export async function prepare(
  { page }: Visitor,
  room: string,
  kind: 'Call' | 'Video call',
): Promise<() => Promise<void>> {
  if (!page.url().endsWith(`/r/${room}`)) await page.goto(`/r/${room}`)
  await page.getByRole('button', { name: kind, exact: true }).click()
  const confirm = page.getByRole('dialog').getByRole('button', { name: 'Call', exact: true })
  // Enabled once the devices are open.
  await expect.poll(() => confirm.isEnabled(), { timeout: 20_000 }).toBe(true)
  return () => confirm.click()
}

export async function call(visitor: Visitor, room: string, kind: 'Call' | 'Video call'): Promise<void> {
  const confirm = await prepare(visitor, room, kind)
  await confirm()
}

/** Into the call that goes on in a room. */
export async function join({ page }: Visitor, room: string): Promise<void> {
  await page.goto(`/r/${room}`)
  await page.getByRole('button', { name: /^Join/ }).first().click()
  await page.getByRole('dialog').getByRole('button', { name: 'Join', exact: true }).click()
}

export const ringing = (page: Page): Locator => page.getByRole('alertdialog', { name: /is calling/ })
export const answer = (page: Page): Promise<void> =>
  ringing(page).getByRole('button', { name: 'Answer' }).click()
export const decline = (page: Page): Promise<void> =>
  ringing(page).getByRole('button', { name: 'Decline' }).click()
export const hangUp = (page: Page): Promise<void> =>
  page.getByRole('button', { name: 'Leave the call' }).click()
export const inCall = (page: Page): Locator => page.getByRole('button', { name: 'Leave the call' })

/** A group of these people, made behind the scenes. */
export async function group(first: Visitor, ...others: Visitor[]): Promise<string> {
  const { room } = await first.api<{ room: { id: string } }>('POST', '/rooms', {
    kind: 'group',
    name: `group ${first.username}`,
    usernames: others.map(({ username }) => username),
  })
  return room.id
}

/** What the room's log says of calls: its lines, with who is meant where the caller asks for one. */
export async function expectStory(visitor: Visitor, room: string, lines: readonly string[]): Promise<void> {
  await eventually(async () => {
    const { rooms } = await ask<LogAnswer>(visitor.page, {
      t: 'log',
      rooms: [{ room, after: 0 }],
      limit: 200,
    })
    return (rooms[0]?.entries ?? []).flatMap(({ kind, call: line }) =>
      kind === 'call' && line !== undefined
        ? [line.reason === undefined ? line.line : `${line.line} ${line.reason}`]
        : [],
    )
  }).toEqual(lines)
}

interface LogAnswer {
  readonly rooms: readonly {
    readonly entries: readonly { kind: string; call?: { line: string; reason?: string } }[]
  }[]
}

/** One request over a socket of its own, as any program outside would send it. */
function ask<Answer>(page: Page, request: object): Promise<Answer> {
  return page.evaluate<Answer>(`new Promise((resolve, reject) => {
    const socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws')
    socket.onerror = () => reject(new Error('no socket'))
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data)
      if (frame.t === 'ready') socket.send(JSON.stringify({ ...${JSON.stringify(request)}, id: 1 }))
      if (frame.id !== 1) return
      socket.close()
      resolve(frame)
    }
  })`)
}

/** One line about a call in the conversation, in the words of whoever reads it. */
export async function expectLine(page: Page, words: RegExp): Promise<void> {
  await page.locator('[data-call]').filter({ hasText: words }).first().waitFor()
}
