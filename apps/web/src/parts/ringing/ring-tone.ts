/** The sound of a call that comes in: two soft notes every three seconds, made by the browser, so that no file is loaded. */

/** What of an `AudioContext` is used. */
export type ToneContext = Pick<
  AudioContext,
  'currentTime' | 'destination' | 'state' | 'createGain' | 'createOscillator' | 'resume' | 'close'
>

const NOTES_HZ = [587.33, 783.99, 587.33] as const
const NOTE_S = 0.28
const VOLUME = 0.12
/** What is planned is at most this far ahead, so that silence is soon even where nobody can say stop. */
const EVERY_MS = 3_000
/** Anything shorter clicks. */
const FADE_S = 0.02

/**
 * Begins to ring; the answer ends it, at once. Browsers keep a page silent that nobody has clicked in yet: then it waits
 * without a sound and begins with the first click.
 */
export function startRingTone(open: () => ToneContext): () => void {
  let context: ToneContext
  try {
    context = open()
  } catch {
    // There is no sound on this device.
    return () => undefined
  }
  const master = context.createGain()
  master.connect(context.destination)
  const play = () => {
    if (context.state === 'running') playNotes(context, master)
    else void context.resume().catch(() => undefined)
  }
  play()
  // The first one is not lost while the device wakes up.
  let first: ReturnType<typeof setTimeout> | undefined
  if (context.state !== 'running') first = setTimeout(play, 150)
  const timer = setInterval(play, EVERY_MS)
  return () => {
    clearTimeout(first)
    clearInterval(timer)
    master.gain.value = 0
    master.disconnect()
    void context.close().catch(() => undefined)
  }
}

function playNotes(context: ToneContext, master: GainNode): void {
  NOTES_HZ.forEach((frequency, index) => {
    playNote(context, master, {
      frequency,
      at: context.currentTime + FADE_S + index * NOTE_S,
      seconds: NOTE_S,
    })
  })
}

interface Note {
  readonly frequency: number
  /** By the context's clock. */
  readonly at: number
  readonly seconds: number
}

/** Swells and dies away, as a plucked string does. */
function playNote(context: ToneContext, master: AudioNode, { frequency, at, seconds }: Note): void {
  const gain = context.createGain()
  gain.gain.setValueAtTime(0, at)
  gain.gain.linearRampToValueAtTime(VOLUME, at + FADE_S)
  gain.gain.exponentialRampToValueAtTime(VOLUME / 100, at + seconds * 1.6)
  gain.connect(master)
  const oscillator = context.createOscillator()
  oscillator.frequency.value = frequency
  oscillator.connect(gain)
  oscillator.start(at)
  oscillator.stop(at + seconds * 1.7)
}
