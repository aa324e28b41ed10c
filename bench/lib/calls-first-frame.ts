import { pairs } from './calls-browser.ts'
import { awaitFirstFrame, type Duo } from './calls-duo.ts'

/** Milliseconds from the click on "answer". */
export interface FirstFrames {
  /** On the page of the one who answered: when it has its devices, and when it is connected. */
  readonly devices: number
  readonly connected: number
  /** First frame decoded, and painted. */
  readonly callee: number
  readonly caller: number
  readonly calleeShown: number
  readonly callerShown: number
}

export async function measureFirstFrames(duo: Duo): Promise<FirstFrames> {
  await duo.ring()
  await duo.answer()
  const [caller, callee] = await Promise.all([awaitFirstFrame(duo.caller), awaitFirstFrame(duo.callee)])
  const { clickedAt } = callee
  if (clickedAt === null) throw new Error('nobody clicked')
  const since = (times: readonly number[]) => Math.min(...times) - clickedAt
  const frames = {
    devices: since([callee.devicesAt ?? Number.NaN]),
    connected: since([callee.connectedAt ?? Number.NaN]),
    callee: since(callee.decodedAt),
    caller: since(caller.decodedAt),
    calleeShown: since(callee.shownAt),
    callerShown: since(caller.shownAt),
  }
  const ways = await pairs(duo.callee)
  if (ways.length === 0 || ways.some(([mine]) => mine.startsWith('relay') !== duo.relayed))
    throw new Error(`the media took another way: ${JSON.stringify(ways)}`)
  await duo.end()
  return frames
}
