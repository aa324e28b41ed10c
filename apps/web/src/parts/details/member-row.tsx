import type { Member, Role } from '@parley/protocol'
import type { RoomState } from '@parley/sdk/api'
import { Ban, Ellipsis, MessageSquare, ShieldCheck, UserMinus } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { useParley } from '../../app/context.ts'
import { links } from '../../app/links.ts'
import { useMe } from '../../hooks/use-people.ts'
import { LiveAvatar } from '../avatar.tsx'
import { IconButton } from '../icon-button.tsx'
import { Menu, type MenuItem } from '../menu.tsx'
import { useToasts } from '../toasts.tsx'
import styles from './details.module.css'
import type { Sending } from './members.tsx'
import { rolesToGive, sendsAway } from './who-may.ts'

interface MemberRowProps {
  readonly room: RoomState
  readonly member: Member
  readonly onSend: (sending: Sending) => void
  readonly onChange: () => void
}

export function MemberRow({ room, member, onSend, onChange }: MemberRowProps) {
  const { t } = useTranslation()
  const me = useMe()
  const { user, role } = member
  const items = useItems({ room, member, onSend, onChange })
  return (
    <li className={styles.member}>
      <LiveAvatar user={user} size={32} />
      <span className={styles.memberText}>
        <span className={styles.memberName}>
          {user.display_name}
          {user.id === me.id ? <span className={styles.soft}> ({t('people.you')})</span> : null}
        </span>
        <span className={styles.soft}>@{user.username}</span>
      </span>
      {role === 'member' ? null : <span className={styles.role}>{t(`role.${role}`)}</span>}
      {user.id === me.id ? null : (
        <Menu
          items={items}
          trigger={
            <IconButton
              icon={Ellipsis}
              size={17}
              small
              label={t('details.memberMenu', { name: user.display_name })}
            />
          }
        />
      )}
    </li>
  )
}

function useItems({ room, member, onSend, onChange }: MemberRowProps): readonly MenuItem[] {
  const { t } = useTranslation()
  const parley = useParley()
  const toasts = useToasts()
  const [, navigate] = useLocation()
  const own = room.me?.role
  const write = async () => {
    const direct = await parley.createRoom({ kind: 'direct', usernames: [member.user.username] })
    navigate(links.room(direct.id))
  }
  const give = (role: Role) => void parley.setRole(room.id, member.user.id, role).then(onChange, toasts.fail)
  const items: MenuItem[] = [
    {
      key: 'write',
      label: t('details.write'),
      icon: MessageSquare,
      onSelect: () => void write().catch(toasts.fail),
    },
  ]
  for (const role of rolesToGive(own, member.role))
    items.push({
      key: role,
      label: t('details.makeRole', { role: t(`role.${role}`) }),
      icon: ShieldCheck,
      onSelect: () => give(role),
    })
  if (sendsAway(own, member.role))
    items.push(
      {
        key: 'remove',
        label: t('action.remove'),
        icon: UserMinus,
        danger: true,
        onSelect: () => onSend({ member, how: 'remove' }),
      },
      {
        key: 'ban',
        label: t('details.ban'),
        icon: Ban,
        danger: true,
        onSelect: () => onSend({ member, how: 'ban' }),
      },
    )
  return items
}
