/** What a person at the keyboard reads instead of a stack trace: one or two sentences that say what to do. */
export class PlainError extends Error {
  override readonly name = 'PlainError'
}

/** Errors of other parts that already speak to a person. */
const PLAIN_NAMES = new Set(['PlainError', 'DataNewer', 'DataDirectoryInUse', 'DataDirectoryNewer'])

const COMPLAINTS_MAX = 3

/** The sentence for a known trouble; undefined for a bug, which deserves its stack. */
export function plainSentence(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (error.name === 'PostgresStartFailed') return withoutChatter(error.message)
  if (PLAIN_NAMES.has(error.name)) return error.message
  return systemSentence(error)
}

/** The reason, and of what PostgreSQL said only the complaints; none of them where the reason is plain. */
function withoutChatter(message: string): string {
  const [reason = '', , ...said] = message.split('\n')
  if (/disk is full|is read-only/.test(reason)) return reason
  return [
    reason,
    ...said.filter((line) => /FATAL|PANIC|ERROR|error:/.test(line)).slice(-COMPLAINTS_MAX),
  ].join('\n')
}

function systemSentence(error: Error): string | undefined {
  const { code, path } = error as NodeJS.ErrnoException
  const where = path === undefined ? '' : ` (${path})`
  switch (code) {
    case 'ENOSPC':
      return `The disk is full${where}: free some space, or choose another place with PARLEY_DATA.`
    case 'EDQUOT':
      return `The disk quota is used up${where}: free some space, or choose another place with PARLEY_DATA.`
    case 'EROFS':
      return `The file system is read-only${where}: choose another place with PARLEY_DATA.`
    case 'EACCES':
    case 'EPERM':
      return `Permission was refused${where}: start Parley as the owner of that file, or choose another place with PARLEY_DATA.`
    case 'EMFILE':
    case 'ENFILE':
      return 'Too many files are open: raise the limit with "ulimit -n 65536" and start again.'
    default:
      return undefined
  }
}
