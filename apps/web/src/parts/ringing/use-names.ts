import { useMe, useUsers } from '../../hooks/use-people.ts'
import { useAroundTexts } from './around-texts.ts'

const NAMES_MAX = 4

/** An, Bình, you, 3 more: at most four names. Empty until the server told who they are. */
export function useNames(ids: readonly string[]): string {
  const { t } = useAroundTexts()
  const me = useMe().id
  const users = useUsers(ids.slice(0, NAMES_MAX))
  const names = users.flatMap((user) =>
    user === undefined ? [] : [user.id === me ? t('line.you') : user.display_name],
  )
  const rest = ids.length - NAMES_MAX
  return [...names, ...(rest > 0 ? [t('line.more', { count: rest })] : [])].join(', ')
}
