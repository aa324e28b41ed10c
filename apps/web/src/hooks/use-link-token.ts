import { useEffect, useState } from 'react'

/** What stands behind the `#` of a link in a letter. It leaves the address bar at once: histories are read by others. */
export function useLinkToken(): string {
  const [token] = useState(() => location.hash.slice(1))
  useEffect(() => history.replaceState(history.state, '', location.pathname), [])
  return token
}
