/** A room as Janus names it: by a number, with two passwords. Both come from what the call has. */
import { createHash } from 'node:crypto'
import type { MediaRoom } from '@parley/contracts'

/** Who sends at most; far above what a browser shows. */
const PUBLISHERS_MAX = 100
/** What one person sends, all pictures and their layers together; bits a second. */
const PUBLISHER_MAX_BPS = 3_000_000
/** A whole picture at least this often, for who lost one; seconds. */
const WHOLE_PICTURE_S = 10
/** Somebody speaks whose sound was louder than this on average … dBov below the loudest. */
const SPEAKING_DBOV = 50
/** … of so many packets of 20 ms. */
const SPEAKING_PACKETS = 25

export interface JanusRoom {
  readonly id: number
  /** For who makes and ends it. */
  readonly secret: string
  /** For who joins. */
  readonly pin: string
}

export function toJanusRoom({ room, secret }: MediaRoom): JanusRoom {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return {
    // 48 bits: exact as a number of JSON.
    id: digest(room).readUIntBE(0, 6) + 1,
    secret: digest(`secret ${secret}`).toString('hex'),
    pin: digest(`pin ${secret}`).toString('hex'),
  }
}

/** VP8 before H.264: every browser sends layers with it. */
export const creationOf = ({ id, secret, pin }: JanusRoom): Readonly<Record<string, unknown>> => ({
  request: 'create',
  room: id,
  description: 'a call',
  secret,
  pin,
  publishers: PUBLISHERS_MAX,
  bitrate: PUBLISHER_MAX_BPS,
  bitrate_cap: true,
  fir_freq: WHOLE_PICTURE_S,
  audiocodec: 'opus',
  videocodec: 'vp8,h264',
  opus_fec: true,
  audiolevel_event: true,
  audio_active_packets: SPEAKING_PACKETS,
  audio_level_average: SPEAKING_DBOV,
})
