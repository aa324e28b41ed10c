import { expect, it } from 'vitest'
import { withStartBitrate } from './start-bitrate.ts'

const audio = 'm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n'
const video = 'm=video 9 UDP/TLS/RTP/SAVPF 96 98\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:98 VP9/90000\r\n'

it('says it of the codec that pictures are sent with, and of nothing else', () => {
  const start = 'x-google-start-bitrate=800'
  expect(withStartBitrate(`v=0\r\n${audio}${video}`)).toBe(
    `v=0\r\n${audio}${video.replace('a=rtpmap:98', `a=fmtp:96 ${start}\r\na=rtpmap:98`)}`,
  )
  const known = `${video}a=fmtp:98 profile-id=0\r\na=fmtp:96 max-fs=12\r\n`
  expect(withStartBitrate(audio + known)).toBe(audio + known.replace('max-fs=12', `max-fs=12;${start}`))
  expect(withStartBitrate(audio)).toBe(audio)
  expect(withStartBitrate('m=video 0 UDP/TLS/RTP/SAVPF 0\r\n')).toBe('m=video 0 UDP/TLS/RTP/SAVPF 0\r\n')
})
