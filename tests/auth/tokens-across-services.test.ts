/** The auth service and the verifier of a gateway together, as in one process: nothing is faked but the clock. */

import { type Revocation, silentLog } from '@parley/contracts'
import { createTokenVerifier, type TokenVerifier } from '@parley/gateways/shared/token-verifier'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type AuthKit, codeOf, createAuthKit, RIGHT_PASSWORD } from '../support/auth-kit.ts'

let kit: AuthKit
let verifier: TokenVerifier
beforeEach(async () => {
  kit = await createAuthKit()
  await kit.auth.start()
  verifier = createTokenVerifier({ auth: kit.auth, bus: kit.bus, clock: kit.clock, log: silentLog })
  await verifier.start()
})
afterEach(async () => {
  verifier.close()
  await kit.close()
})

/** The next revocations that the verifier tells of. */
function nextRevocations(count: number): Promise<Revocation[]> {
  return new Promise((resolve) => {
    const told: Revocation[] = []
    const end = verifier.onRevoked((revocation) => {
      told.push(revocation)
      if (told.length < count) return
      end()
      resolve(told)
    })
  })
}

it('lets a token in that auth has just handed out', async () => {
  const signIn = await kit.register('ada')
  expect(await verifier.verify(signIn.access_token)).toMatchObject({
    user: signIn.user.id,
    device: signIn.device,
  })
})

it('refuses the token after logout, without a poll, and says which device it was', async () => {
  const signIn = await kit.register('ada')
  await verifier.verify(signIn.access_token)
  const told = nextRevocations(1)
  await kit.auth.logout({ user: signIn.user.id, device: signIn.device })
  expect((await told)[0]).toMatchObject({ kind: 'device', subject: signIn.device })
  expect(await codeOf(verifier.verify(signIn.access_token))).toBe('unauthenticated')
})

it('refuses the tokens of other devices after a change of password, and not one’s own', async () => {
  const [mine, other] = [await kit.register('ada'), await kit.login('ada')]
  const told = nextRevocations(1)
  await kit.auth.changePassword({
    user: mine.user.id,
    device: mine.device,
    current: RIGHT_PASSWORD,
    next: 'a brand new one',
    address: '192.0.2.1',
  })
  await told
  expect(await codeOf(verifier.verify(other.access_token))).toBe('unauthenticated')
  await verifier.verify(mine.access_token)
})

it('refuses all tokens of a disabled user, and those handed out after the user was let back in are good', async () => {
  const root = await kit.register('root')
  await kit.auth.promote({ username: 'root' })
  const before = await kit.register('ada')
  const told = nextRevocations(2)
  const change = { actor: root.user.id, user: before.user.id }
  await kit.auth.setDisabled({ ...change, disabled: true })
  await kit.auth.setDisabled({ ...change, disabled: false })
  const after = await kit.login('ada')
  expect((await told).map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
    `device ${before.device}`,
    `user ${before.user.id}`,
  ])
  expect(await codeOf(verifier.verify(before.access_token))).toBe('unauthenticated')
  await verifier.verify(after.access_token)
})

it('refuses the token of a session that ended by reuse of its refresh token', async () => {
  const first = await kit.register('ada')
  const second = await kit.auth.refresh({ refresh_token: first.refresh_token })
  await kit.auth.refresh({ refresh_token: second.refresh_token })
  const told = nextRevocations(1)
  expect(await codeOf(kit.auth.refresh({ refresh_token: first.refresh_token }))).toBe('unauthenticated')
  await told
  expect(await codeOf(verifier.verify(second.access_token))).toBe('unauthenticated')
})

it('keeps letting in old and new tokens while keys rotate', async () => {
  const old = await kit.register('ada', { lifetime: 'day' })
  await kit.auth.rotateKeys()
  kit.clock.advance(60_000)
  const fresh = await kit.login('ada')
  await verifier.verify(fresh.access_token)
  await verifier.verify(old.access_token)
})
