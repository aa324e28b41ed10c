/**
 * Tells Chromium's encoder how much the line probably bears. It begins with 300 kbit/s otherwise, and throws away the first
 * four pictures of a camera before it makes them smaller: with 5 pictures a second that alone was 0.6 s of the 1.0 s until
 * the first one was seen. Where the line bears less it learns that as always. Other browsers do not know the word.
 */
const START_KBITS = 800

/** Of the description that the other side sent; what it lists first is what is sent. */
export function withStartBitrate(sdp: string): string {
  return sdp
    .split(/^(?=m=)/m)
    .map((section) => (section.startsWith('m=video ') ? addStart(section) : section))
    .join('')
}

function addStart(section: string): string {
  // m=video 9 UDP/TLS/RTP/SAVPF 96 97 …
  const payload = section.split(/\s/, 4)[3]
  const said = `x-google-start-bitrate=${START_KBITS}`
  const known = new RegExp(`^(a=fmtp:${payload} .*?)(\\r?)$`, 'm')
  if (known.test(section)) return section.replace(known, `$1;${said}$2`)
  return section.replace(
    new RegExp(`^(a=rtpmap:${payload} .*?)(\\r?\\n)`, 'm'),
    `$1$2a=fmtp:${payload} ${said}$2`,
  )
}
