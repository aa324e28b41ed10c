/** Development only: the client on a made-up team, e.g. `/dev.html?signedOut`, `?stream=200`, `?offline`. */
import { mount } from '../app/mount.tsx'
import { createFakeParley } from './fake-parley.ts'

const query = new URLSearchParams(location.search)
const entry = query.get('at') ?? '/'
history.replaceState(null, '', entry)
await mount(
  createFakeParley({
    signedIn: !query.has('signedOut'),
    empty: query.has('empty'),
    loading: query.has('loading'),
    stream: Number(query.get('stream') ?? 0),
    ...(query.has('offline')
      ? { connection: { status: 'offline', transport: null, retryAt: Date.now() + 14_000 } }
      : {}),
    ...(query.has('standby') ? { connection: { transport: 'stream' } } : {}),
  }),
)
