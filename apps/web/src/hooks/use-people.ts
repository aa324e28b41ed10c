import type { Presence, User } from '@parley/protocol'
import { useEffect, useMemo } from 'react'
import { useParley } from '../app/context.ts'
import { useStore } from './use-store.ts'

const nobody = { get: () => undefined, subscribe: () => () => undefined }

/** The person behind an id; undefined until the server answered. */
export function useUser(id: string | undefined): User | undefined {
  const parley = useParley()
  return useStore(useMemo(() => (id === undefined ? nobody : parley.user(id)), [parley, id]))
}

export function usePresence(id: string | undefined): Presence | undefined {
  const parley = useParley()
  return useStore(useMemo(() => (id === undefined ? nobody : parley.presence(id)), [parley, id]))
}

/** The person who is signed in; screens behind the gate always have one. */
export function useMe(): User {
  const session = useStore(useParley().session)
  if (session.status !== 'signed_in') throw new Error('A screen for members was rendered without a session.')
  return session.user
}

/** Asks for the presence of those on this screen, as long as it is shown. */
export function useWatch(ids: readonly string[]): void {
  const parley = useParley()
  const key = ids.join(' ')
  useEffect(() => (key === '' ? undefined : parley.watch(key.split(' '))), [parley, key])
}

/** Several people at once; the array stays the same while none of them changes. */
export function useUsers(ids: readonly string[]): readonly (User | undefined)[] {
  const parley = useParley()
  const key = ids.join(' ')
  return useStore(
    useMemo(() => {
      const stores = key === '' ? [] : key.split(' ').map((id) => parley.user(id))
      let users: readonly (User | undefined)[] = stores.map((store) => store.get())
      return {
        get() {
          if (stores.some((store, index) => store.get() !== users[index]))
            users = stores.map((store) => store.get())
          return users
        },
        subscribe(listener: () => void) {
          const ends = stores.map((store) => store.subscribe(listener))
          return () => {
            for (const end of ends) end()
          }
        },
      }
    }, [parley, key]),
  )
}
