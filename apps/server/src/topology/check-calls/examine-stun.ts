import { isPrivateAddress } from '@parley/adapters/push/is-private-address'
import { openStunClient, reflect } from '@parley/adapters/turn/stun-client'
import { StunTrouble } from '@parley/adapters/turn/stun-trouble'
import type { IceUrl } from '@parley/protocol/ice-url'
import { bad, good, poor, type Verdict } from '../../doctor/finding.ts'
import type { CallTools } from './call-tools.ts'
import { explainTrouble } from './explain-trouble.ts'

export async function examineStun(url: IceUrl, tools: CallTools): Promise<Verdict> {
  try {
    const client = await openStunClient(url, tools)
    try {
      const { mapped } = await reflect(client)
      const text = `answers; it sees us as ${mapped.address}`
      return isPrivateAddress(mapped.address)
        ? poor(
            `${text}, which is no address of the internet: it stands in our own network. Browsers at home learn their address only from a server outside of theirs.`,
          )
        : good(text)
    } finally {
      client.close()
    }
  } catch (error) {
    if (!(error instanceof StunTrouble)) throw error
    return bad(explainTrouble(error, url))
  }
}
