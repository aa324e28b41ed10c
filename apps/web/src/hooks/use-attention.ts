import { useEffect, useState } from 'react'

function looking(): boolean {
  return document.visibilityState === 'visible' && document.hasFocus()
}

/** Whether a person looks at this page: it is visible and has the focus. */
export function useAttention(): boolean {
  const [attention, setAttention] = useState(looking)
  useEffect(() => {
    const update = () => setAttention(looking())
    document.addEventListener('visibilitychange', update)
    window.addEventListener('focus', update)
    window.addEventListener('blur', update)
    update()
    return () => {
      document.removeEventListener('visibilitychange', update)
      window.removeEventListener('focus', update)
      window.removeEventListener('blur', update)
    }
  }, [])
  return attention
}
