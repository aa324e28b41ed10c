import { type RefObject, useLayoutEffect, useState } from 'react'
import type { Size } from './grid-layout.ts'

/** Whole CSS pixels of what `ref` holds, followed as they change; 0 before the first look. */
export function useSize(ref: RefObject<Element | null>): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 })
  useLayoutEffect(() => {
    const element = ref.current
    if (element === null) return
    const look = () => {
      // Not `clientWidth`, which is rounded up too.
      const box = element.getBoundingClientRect()
      const [width, height] = [Math.floor(box.width), Math.floor(box.height)]
      setSize((before) => (before.width === width && before.height === height ? before : { width, height }))
    }
    look()
    const observer = new ResizeObserver(look)
    observer.observe(element)
    return () => observer.disconnect()
  }, [ref])
  return size
}
