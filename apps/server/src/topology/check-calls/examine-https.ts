import { bad, good, poor, type Verdict } from '../../doctor/finding.ts'
import { isLocal } from '../../settings/origins.ts'
import type { Settings } from '../../settings/table.ts'
import type { CallTools } from './call-tools.ts'

/** Browsers give a page camera and microphone when it came encrypted, or from their own machine. */
export async function examineHttps({ publicUrl }: Settings, { timeoutMs }: CallTools): Promise<Verdict> {
  if (publicUrl === undefined) {
    return poor(
      'PARLEY_PUBLIC_URL is not set: browsers give camera and microphone at http://localhost, and on other machines only over https. Put a proxy with HTTPS in front and set it.',
    )
  }
  const { protocol, hostname } = new URL(publicUrl)
  if (protocol === 'http:') {
    return isLocal(hostname)
      ? good(`${publicUrl} is this machine, where browsers give camera and microphone without encryption`)
      : bad(
          `${publicUrl} is not encrypted: browsers give it no camera and no microphone. Put a proxy with HTTPS in front, and set PARLEY_PUBLIC_URL to its address.`,
        )
  }
  try {
    const response = await fetch(publicUrl, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) })
    await response.body?.cancel()
    return good(`${publicUrl} is encrypted, with a certificate that is believed`)
  } catch (error) {
    return bad(`${publicUrl} ${explain(error as Error)}`)
  }
}

function explain(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : error
  const { code = '' } = cause as NodeJS.ErrnoException
  if (/CERT|ISSUER|SIGNATURE|ALTNAME/.test(code))
    return `has a certificate that is not believed (${cause.message}): browsers warn, and give no camera and no microphone. Give the proxy one for this name, with the whole chain.`
  return `does not answer from here (${cause.message}): mend PARLEY_PUBLIC_URL or the proxy. If only this machine cannot reach it, calls still work.`
}
