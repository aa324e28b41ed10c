import type { PresenceState, RoomKind, User } from '@parley/protocol'
import { Hash, Users } from 'lucide-react'
import { memo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { usePresence } from '../hooks/use-people.ts'
import styles from './avatar.module.css'
import { hueOf, initialsOf } from './initials.ts'

interface AvatarProps {
  readonly id: string
  readonly name: string
  /** Edge in pixels. */
  readonly size?: number
  readonly kind?: RoomKind
  readonly presence?: PresenceState | undefined
  /** Address of the person's or the room's own picture, if there is one. */
  readonly picture?: string | undefined
}

/** A leaf with the person's initials in a colour of their own. Decoration: the name stands beside it. */
export const Avatar = memo(function Avatar(props: AvatarProps) {
  const { id, name, size = 36, kind = 'direct', presence, picture } = props
  const [broken, setBroken] = useState<string | null>(null)
  return (
    <span className={styles.avatar} style={{ '--size': `${size}px`, '--hue': hueOf(id) }} data-kind={kind}>
      <span className={styles.face} aria-hidden="true">
        {picture !== undefined && picture !== broken ? (
          <img src={`${picture}/thumbnail`} alt="" onError={() => setBroken(picture)} />
        ) : kind === 'public' ? (
          <Hash size={size * 0.46} strokeWidth={2.25} />
        ) : kind === 'group' ? (
          <Users size={size * 0.46} strokeWidth={2.25} />
        ) : (
          initialsOf(name)
        )}
      </span>
      {presence === undefined ? null : <PresenceDot state={presence} />}
    </span>
  )
})

export function PresenceDot({ state }: { state: PresenceState }) {
  const { t } = useTranslation()
  return (
    <span className={styles.dot} data-state={state}>
      <span className="hidden">{t(`presence.${state}`)}</span>
    </span>
  )
}

/** An avatar that follows the person's presence; the screen has to watch them. */
export function LiveAvatar({ user, size }: { user: User; size?: number }) {
  const presence = usePresence(user.id)
  return (
    <Avatar
      id={user.id}
      name={user.display_name}
      presence={presence?.state ?? 'offline'}
      picture={user.avatar_url}
      {...(size === undefined ? {} : { size })}
    />
  )
}
