import { useEffect, useRef } from 'react'

/** Loads again when `version` changes, and not at first: that was the load itself. */
export function useReloadOn(version: string, reload: () => void): void {
  const known = useRef(version)
  useEffect(() => {
    if (known.current === version) return
    known.current = version
    reload()
  }, [version, reload])
}
