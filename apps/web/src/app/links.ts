/** Every address of the client, in one place. */
export const links = {
  home: '/',
  login: '/login',
  register: '/register',
  forgot: '/forgot-password',
  /** Where links of letters lead; the token is behind the `#`, which no server sees. */
  resetPassword: '/reset-password',
  verifyEmail: '/verify-email',
  people: '/people',
  discover: '/rooms',
  search: '/search',
  inbox: '/inbox',
  settings: '/settings',
  callTest: '/settings/call-test',
  room: (room: string) => `/r/${encodeURIComponent(room)}`,
  message: (room: string, seq: number) => `/r/${encodeURIComponent(room)}/${seq}`,
  searchIn: (room: string) => `/search?room=${encodeURIComponent(room)}`,
}

/** Where to go after logging in: a path of ours, never another site. */
export function safeNext(next: string | null): string {
  if (next === null || !/^\/(?![/\\])/.test(next)) return links.home
  if (next.startsWith(links.login) || next.startsWith(links.register)) return links.home
  return next
}

/** The number in `/r/:room/:seq`, if it is one. */
export function parseSeq(text: string | undefined): number | null {
  if (text === undefined || !/^[1-9]\d{0,15}$/.test(text)) return null
  return Number(text)
}
