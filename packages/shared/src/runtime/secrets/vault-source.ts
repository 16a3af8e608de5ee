import { readFile } from 'node:fs/promises'
import nodeVault from 'node-vault'
import * as v from 'valibot'
import type { Log } from '../log.ts'
import type { Redactor } from '../redactor.ts'
import type { SecretSource } from './secret-source.ts'

export type VaultSettings = {
  vaultAddr: string
  vaultNamespace: string | undefined
  vaultPath: string
  vaultToken: string | undefined
  vaultRoleId: string | undefined
  vaultSecretId: string | undefined
  vaultKubernetesRole: string | undefined
  vaultKubernetesTokenFile: string
  vaultAuthMount: string | undefined
  vaultCache: number
}

const Login = v.object({
  auth: v.object({ client_token: v.string(), lease_duration: v.number(), renewable: v.optional(v.boolean(), false) }),
})
const OwnToken = v.object({ data: v.object({ ttl: v.number(), renewable: v.optional(v.boolean(), false) }) })
const Kv2 = v.object({ data: v.object({ data: v.nullable(v.record(v.string(), v.unknown())) }) })
const Refusal = v.object({ response: v.object({ statusCode: v.number(), body: v.optional(v.unknown()) }) })
const Complaint = v.object({ errors: v.nullish(v.array(v.string()), []), warnings: v.nullish(v.array(v.string()), []) })

const REQUEST_TIMEOUT_MS = 3000
const RENEWAL_RETRY_MS = 5000
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The fields of one KV v2 secret of HashiCorp Vault. Logs in when first asked, and again whenever its token is worth nothing. */
export function vaultSource(
  settings: VaultSettings,
  { redactor, log }: { redactor: Redactor; log: Log },
): SecretSource {
  const vault = nodeVault({
    endpoint: settings.vaultAddr,
    ...(settings.vaultNamespace === undefined ? {} : { namespace: settings.vaultNamespace }),
    requestOptions: { timeout: REQUEST_TIMEOUT_MS },
  })
  let renewal: NodeJS.Timeout | undefined
  let loggedIn = false
  let cached: { fields: Promise<Record<string, unknown>>; until: number } | undefined
  let closed = false

  async function logIn(): Promise<void> {
    if (settings.vaultToken !== undefined) {
      vault.token = settings.vaultToken
      await renewGivenToken()
    } else {
      const { auth } = v.parse(Login, await loginAnswer())
      redactor.register(auth.client_token)
      renewAfter(auth.lease_duration, auth.renewable)
    }
    loggedIn = true
  }

  async function loginAnswer(): Promise<unknown> {
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

  async function read(): Promise<Record<string, unknown>> {
    if (!loggedIn) await logIn()
    try {
      return await fields()
    } catch (error) {
      if (statusOf(error) !== 403) throw error
      await logIn() // the token was revoked, or its lease ran out
      return fields()
    }
  }

  async function fields(): Promise<Record<string, unknown>> {
    try {
      return v.parse(Kv2, await vault.read(settings.vaultPath)).data.data ?? {}
    } catch (error) {
      if (statusOf(error) === 404 && !complains(error)) return {}
      throw error
    }
  }

  function cachedFields(): Promise<Record<string, unknown>> {
    if (cached !== undefined && cached.until > performance.now()) return cached.fields
    const entry = { fields: read(), until: performance.now() + settings.vaultCache }
    cached = entry
    entry.fields.catch(() => {
      if (cached === entry) cached = undefined
    })
    return entry.fields
  }

  return {
    kind: 'vault',
    async find(name) {
      try {
        const found = await cachedFields()
        const value = Object.hasOwn(found, name) ? found[name] : undefined
        return typeof value === 'string' ? value : undefined
      } catch (error) {
        throw reasonOf(error)
      }
    },
    close() {
      closed = true
      clearTimeout(renewal)
    },
  }
}

const statusOf = (error: unknown): number | undefined => {
  const refusal = v.safeParse(Refusal, error)
  return refusal.success ? refusal.output.response.statusCode : undefined
}

/** Vault could not be asked, or is sealed or busy: it said nothing about who asks. */
const isAway = (error: unknown): boolean => {
  const status = statusOf(error)
  return status === undefined ? !v.isValiError(error) : status === 429 || status >= 500
}

/** A secret that is not there is a bare 404; where the path is no KV v2 path Vault says so. */
const complains = (error: unknown): boolean => {
  const refusal = v.safeParse(Refusal, error)
  const complaint = v.safeParse(Complaint, refusal.success ? refusal.output.response.body : undefined)
  return complaint.success && complaint.output.errors.length + complaint.output.warnings.length > 0
}

/** What went wrong, without the request that node-vault's errors carry along: that holds the token. */
const reasonOf = (error: unknown): Error => {
  const status = statusOf(error)
  if (status === 404)
    return new Error(
      'Vault answered 404: expected VAULT_PATH to be of a KV v2 engine, `data` included, and VAULT_AUTH_MOUNT to be a login',
    )
  if (status !== undefined) return new Error(`Vault answered ${status}`)
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  return new Error(`Vault cannot be asked: ${code ?? (error instanceof Error ? error.name : 'unknown')}`)
}
