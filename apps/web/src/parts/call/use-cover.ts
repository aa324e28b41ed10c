import { useLayoutEffect } from 'react'

/**
 * What lies under the call takes no focus and is not read out: the main pane, or with `everything` the lists beside it
 * too. What may still speak up above a call is left alone.
 */
export function useCover(everything: boolean): void {
  useLayoutEffect(() => {
    const main = document.getElementById('main')
    const others = everything ? [main?.previousElementSibling, document.querySelector('nav')] : []
    const covered = [main, ...others].filter((one) => one instanceof HTMLElement)
    for (const one of covered) one.inert = true
    return () => {
      for (const one of covered) one.inert = false
    }
  }, [everything])
}
