import { bad, good, type Verdict } from '../../doctor/finding.ts'
import type { CallTools } from './call-tools.ts'

const PLUGIN = 'janus.plugin.videoroom'
const [UNAUTHORIZED, NO_SUCH_PLUGIN] = [403, 460]

interface JanusAnswer {
  readonly janus?: string
  readonly version_string?: string
  readonly data?: { readonly id?: number }
  readonly error?: { readonly code?: number; readonly reason?: string }
}

type Ask = (path: string, body?: object) => Promise<JanusAnswer>

/** Reached, is Janus, takes our secret, and has what calls use of it. `url`: of its HTTP API, such as `http://10.0.0.7:8088/janus`. */
export async function examineJanus(
  { url, secret }: { readonly url: string; readonly secret: string },
  { timeoutMs }: CallTools,
): Promise<Verdict> {
  const ask: Ask = async (path, body) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const response = await fetch(`${url}${path}`, {
      signal,
      ...(body === undefined
        ? {}
        : {
            method: 'POST',
            body: JSON.stringify({ ...body, transaction: 'doctor', apisecret: secret }),
          }),
    })
    return ((await response.json().catch(() => undefined)) ?? {}) as JanusAnswer
  }
  try {
    const info = await ask('/info')
    if (info.janus !== 'server_info')
      return bad(
        'what answers there is no Janus: PARLEY_JANUS_URLS ends with the base_path of its HTTP API, usually /janus.',
      )
    return await examineSession(ask, `Janus ${info.version_string ?? 'of an unknown version'}`)
  } catch (error) {
    const { cause, message } = error as Error
    return bad(
      `does not answer (${cause instanceof Error ? cause.message : message}): start Janus with its HTTP transport, mend PARLEY_JANUS_URLS, or let us through its firewall. Until then calls have as many people as browsers carry alone.`,
    )
  }
}

async function examineSession(ask: Ask, name: string): Promise<Verdict> {
  const session = await ask('', { janus: 'create' })
  if (session.error?.code === UNAUTHORIZED)
    return bad(`${name} refuses our secret: PARLEY_JANUS_SECRET must be api_secret in its janus.jcfg.`)
  const id = session.data?.id
  if (id === undefined) return bad(`${name} takes no session (${reasonOf(session)}): its log says why.`)
  try {
    const handle = await ask(`/${id}`, { janus: 'attach', plugin: PLUGIN })
    if (handle.error?.code === NO_SUCH_PLUGIN)
      return bad(
        `${name} has no VideoRoom: install its plug-in ${PLUGIN}, or take it off the disabled ones in janus.jcfg.`,
      )
    if (handle.janus !== 'success')
      return bad(`${name} gives no VideoRoom (${reasonOf(handle)}): its log says why.`)
    return good(`${name} takes our secret and has the VideoRoom`)
  } finally {
    await ask(`/${id}`, { janus: 'destroy' }).catch(() => undefined)
  }
}

function reasonOf({ error }: JanusAnswer): string {
  return error === undefined ? 'no reason was given' : `${error.code ?? ''} ${error.reason ?? ''}`.trim()
}
