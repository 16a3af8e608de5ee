import { readFile } from 'node:fs/promises'
import type nodeVault from 'node-vault'
import * as v from 'valibot'
import type { Log } from '../log.ts'
import type { Redactor } from '../redactor.ts'
import { isAway, reasonOf } from './vault-refusal.ts'

/** How to log in: with a token, by AppRole, or as a service account of Kubernetes. */
export type VaultLogins = {
  vaultToken: string | undefined
  vaultRoleId: string | undefined
  vaultSecretId: string | undefined
  vaultKubernetesRole: string | undefined
  vaultKubernetesTokenFile: string
  vaultAuthMount: string | undefined
}

/** Being known to Vault, and staying it. */
export type VaultLogin = {
  /** Logs in unless that was done. */
  ensure(): Promise<void>
  /** Logs in, again too: a token may have been revoked. */
  again(): Promise<void>
  close(): void
}

type Parts = { redactor: Redactor; log: Log }

const Login = v.object({
  auth: v.object({ client_token: v.string(), lease_duration: v.number(), renewable: v.optional(v.boolean(), false) }),
})
const OwnToken = v.object({ data: v.object({ ttl: v.number(), renewable: v.optional(v.boolean(), false) }) })

const RENEWAL_RETRY_MS = 5000
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Gives the client its token, renews that after two thirds of its life, and logs in anew where it is refused. */
export function vaultLogin(vault: nodeVault.client, settings: VaultLogins, { redactor, log }: Parts): VaultLogin {
  let renewal: NodeJS.Timeout | undefined
  let loggedIn = false
  let closed = false

  async function logIn(): Promise<void> {
    if (settings.vaultToken !== undefined) {
      vault.token = settings.vaultToken
      await renewGivenToken()
    } else {
      const { auth } = v.parse(Login, await loginAnswer(vault, settings, redactor))
      redactor.register(auth.client_token)
      renewAfter(auth.lease_duration, auth.renewable)
    }
    loggedIn = true
  }

  // A token of the operator's may be one that must be renewed; whether it is, only Vault knows.
  async function renewGivenToken() {
    try {
      const { data } = v.parse(OwnToken, await vault.tokenLookupSelf())
      renewAfter(data.ttl, data.renewable)
    } catch (error) {
      if (isAway(error)) throw error // nothing is known of the token yet
      log.debug({ err: reasonOf(error) }, 'the Vault token cannot be looked up, and is used until it is refused')
    }
  }

  function renewAfter(leaseSeconds: number, renewable: boolean) {
    clearTimeout(renewal)
    if (closed || leaseSeconds <= 0) return // 0: never expires
    if (!renewable && settings.vaultToken !== undefined) return
    const renewIn = Math.min((leaseSeconds * 1000 * 2) / 3, LONGEST_TIMER_MS)
    renewal = setTimeout(() => void renew(renewable), renewIn).unref()
  }

  async function renew(renewable: boolean) {
    try {
      if (!renewable) return await logIn()
      const { auth } = v.parse(Login, await vault.tokenRenewSelf())
      renewAfter(auth.lease_duration, auth.renewable)
    } catch (error) {
      log.warn({ err: reasonOf(error) }, 'the Vault token was not renewed; logging in again')
      logInLater()
    }
  }

  // Also when nothing is read meanwhile: a token of the operator's that expires cannot be had again.
  function logInLater() {
    clearTimeout(renewal)
    if (closed) return
    loggedIn = false
    renewal = setTimeout(() => {
      logIn().catch((late: unknown) => {
        log.warn({ err: reasonOf(late) }, 'the login to Vault failed')
        if (isAway(late)) logInLater()
      })
    }, RENEWAL_RETRY_MS).unref()
  }

  return {
    ensure: async () => {
      if (!loggedIn) await logIn()
    },
    again: logIn,
    close() {
      closed = true
      clearTimeout(renewal)
    },
  }
}

async function loginAnswer(vault: nodeVault.client, settings: VaultLogins, redactor: Redactor): Promise<unknown> {
  if (settings.vaultKubernetesRole === undefined) {
    const mount_point = settings.vaultAuthMount ?? 'approle'
    return vault.approleLogin({ role_id: settings.vaultRoleId, secret_id: settings.vaultSecretId, mount_point })
  }
  const jwt = (await readFile(settings.vaultKubernetesTokenFile, 'utf8')).trim()
  redactor.register(jwt)
  // Without a mount point node-vault asks /v1/auth//login.
  const mount_point = settings.vaultAuthMount ?? 'kubernetes'
  return vault.kubernetesLogin({ role: settings.vaultKubernetesRole, jwt, mount_point })
}
