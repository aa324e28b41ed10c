import { useEffect, useRef, useState } from 'react'

/** Below this nobody speaks, and no room is quiet like this with a microphone that works. */
const SILENCE = 0.004
const QUIET_AFTER_MS = 5_000

/**
 * How loud a microphone hears: `bar` gets the style property `--level`, 0 to 1, at every frame, and `quiet` is true when
 * nothing at all came for some seconds.
 */
export function useLevel(track: MediaStreamTrack | null) {
  const bar = useRef<HTMLDivElement>(null)
  const [quiet, setQuiet] = useState(false)
  useEffect(() => {
    setQuiet(false)
    if (track === null) return
    const context = new AudioContext()
    const analyser = context.createAnalyser()
    analyser.fftSize = 512
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser)
    const samples = new Float32Array(analyser.fftSize)
    let shown = 0
    let heardAt = performance.now()
    let frame = 0
    const look = (now: number) => {
      frame = requestAnimationFrame(look)
      analyser.getFloatTimeDomainData(samples)
      const level = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)
      // Before a first click browsers let no sound be looked at.
      if (level > SILENCE || !track.enabled || context.state !== 'running') heardAt = now
      setQuiet(now - heardAt > QUIET_AFTER_MS)
      // Ears hear a ratio as a step; it rises at once and falls slowly.
      shown = Math.max(
        level === 0 ? 0 : Math.min(1, Math.max(0, 1 + Math.log10(level * 2) / 2)),
        shown * 0.92,
      )
      bar.current?.style.setProperty('--level', track.enabled ? shown.toFixed(3) : '0')
    }
    frame = requestAnimationFrame(look)
    return () => {
      cancelAnimationFrame(frame)
      void context.close()
    }
  }, [track])
  return { bar, quiet }
}
