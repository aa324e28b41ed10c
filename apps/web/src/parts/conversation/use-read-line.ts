import type { RoomState } from '@parley/sdk/api'
import { useState } from 'react'
import { useAttention } from '../../hooks/use-attention.ts'

/** Where the line above what is new stands: at what was read when one came, or when one last looked away. */
export function useReadLine(room: RoomState): number | null {
  const attention = useAttention()
  const read = room.me?.read_seq ?? 0
  const [line, setLine] = useState(() => ((room.me?.unread ?? 0) > 0 ? read : null))
  const [looked, setLooked] = useState(attention)
  if (looked !== attention) {
    setLooked(attention)
    // What waits already keeps its line.
    if (!attention && (room.me?.unread ?? 0) === 0) setLine(read)
  }
  return line
}
