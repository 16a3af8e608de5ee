import nodeVault from 'node-vault'
import * as v from 'valibot'
import type { Log } from '../log.ts'
import type { Redactor } from '../redactor.ts'
import type { SecretSource } from './secret-source.ts'
import { vaultLogin, type VaultLogins } from './vault-login.ts'
import { complains, reasonOf, statusOf } from './vault-refusal.ts'

export type VaultSettings = VaultLogins & {
  vaultAddr: string
  vaultNamespace: string | undefined
  vaultPath: string
  vaultCache: number
}

type Fields = Record<string, unknown>

const Kv2 = v.object({ data: v.object({ data: v.nullable(v.record(v.string(), v.unknown())) }) })
const REQUEST_TIMEOUT_MS = 3000

/** The fields of one KV v2 secret of HashiCorp Vault. Logs in when first asked, and again whenever its token is worth nothing. */
export function vaultSource(settings: VaultSettings, parts: { redactor: Redactor; log: Log }): SecretSource {
  const vault = nodeVault({
    endpoint: settings.vaultAddr,
    ...(settings.vaultNamespace === undefined ? {} : { namespace: settings.vaultNamespace }),
    requestOptions: { timeout: REQUEST_TIMEOUT_MS },
  })
  const login = vaultLogin(vault, settings, parts)
  let cached: { fields: Promise<Fields>; until: number } | undefined

  async function read(): Promise<Fields> {
    await login.ensure()
    try {
      return await fields()
    } catch (error) {
      if (statusOf(error) !== 403) throw error
      await login.again() // the token was revoked, or its lease ran out
      return fields()
    }
  }

  async function fields(): Promise<Fields> {
    try {
      return v.parse(Kv2, await vault.read(settings.vaultPath)).data.data ?? {}
    } catch (error) {
      if (statusOf(error) === 404 && !complains(error)) return {}
      throw error
    }
  }

  function cachedFields(): Promise<Fields> {
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
    close: () => login.close(),
  }
}
