import { Bell, Compass, type LucideIcon, MessagesSquare, Search, Settings, UsersRound } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import { useMe, useWatch } from '../hooks/use-people.ts'
import { useStore } from '../hooks/use-store.ts'
import { LiveAvatar } from '../parts/avatar.tsx'
import { Mark } from '../parts/mark.tsx'
import { useParley } from './context.ts'
import { links } from './links.ts'
import styles from './rail.module.css'

/** The way to every screen: a rail at the side, on a phone a bar at the bottom. */
export function Rail() {
  const { t } = useTranslation()
  const [path] = useLocation()
  const me = useMe()
  const { unread } = useStore(useParley().inbox)
  useWatch([me.id])
  const chats = path === links.home || path.startsWith('/r/')
  return (
    <nav className={styles.rail} aria-label={t('app.navigation')}>
      <span className={styles.mark}>
        <Mark size={30} />
      </span>
      <RailLink to={links.home} icon={MessagesSquare} label={t('nav.chats')} current={chats} />
      <RailLink
        to={links.inbox}
        icon={Bell}
        label={t('nav.inbox')}
        current={path === links.inbox}
        badge={unread}
      />
      <RailLink to={links.people} icon={UsersRound} label={t('nav.people')} current={path === links.people} />
      <RailLink
        to={links.discover}
        icon={Compass}
        label={t('nav.discover')}
        current={path === links.discover}
      />
      <RailLink to={links.search} icon={Search} label={t('nav.search')} current={path === links.search} />
      <span className={styles.space} />
      <RailLink
        to={links.settings}
        icon={Settings}
        label={t('nav.settings')}
        current={path.startsWith(links.settings)}
      />
      <span className={styles.me} title={me.display_name}>
        <LiveAvatar user={me} size={32} />
      </span>
    </nav>
  )
}

interface RailLinkProps {
  readonly to: string
  readonly icon: LucideIcon
  readonly label: string
  readonly current: boolean
  /** How much waits there. */
  readonly badge?: number
}

const badgeMax = 99

function RailLink({ to, icon: Icon, label, current, badge = 0 }: RailLinkProps) {
  const { t } = useTranslation()
  return (
    <Link to={to} className={styles.link} aria-current={current ? 'page' : undefined}>
      <span className={styles.icon}>
        <Icon size={20} aria-hidden="true" />
        {badge === 0 ? null : (
          <span className={styles.badge} aria-hidden="true">
            {badge > badgeMax ? `${badgeMax}+` : badge}
          </span>
        )}
      </span>
      <span className={styles.label}>{label}</span>
      {badge === 0 ? null : <span className="hidden">{t('inbox.unread', { count: badge })}</span>}
    </Link>
  )
}
