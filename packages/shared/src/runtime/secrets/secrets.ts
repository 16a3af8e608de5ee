import { fillSecrets, secretsIn } from '../../domain/secret-places.ts'
import type { Log } from '../log.ts'
import type { Redactor } from '../redactor.ts'
import { envSource } from './env-source.ts'
import { filesSource } from './files-source.ts'
import type { SecretSource } from './secret-source.ts'
import type { VaultSettings } from './vault-source.ts'

/** No source has a secret of that name. */
export class SecretMissing extends Error {
  override readonly name = 'SecretMissing'
  readonly secret: string

  constructor(secret: string) {
    super(`there is no secret ${secret}`)
    this.secret = secret
  }
}

/** A source could not be asked; what a later one says is then not used, as it may be outdated. */
export class SecretSourceUnreachable extends Error {
  override readonly name = 'SecretSourceUnreachable'
}

export type Secrets = {
  /** Fills in each {{NAME}} of a template, as the sources know it now. */
  resolve(template: string): Promise<string>
  /** The names in these templates that no source has, for a warning at start. */
  missing(templates: Iterable<string>): Promise<string[]>
  close(): void
}

type SecretsSettings = Omit<VaultSettings, 'vaultAddr'> & {
  secretSources: readonly ('vault' | 'files' | 'env')[]
  secretsDir: string
  vaultAddr: string | undefined
}

type Parts = { env: Readonly<Record<string, string | undefined>>; redactor: Redactor; log: Log }

const UNKNOWN = ''
const MOST_TEMPLATES = 1000

/** Looks secrets up when they are needed, in the sources of the settings, in their order. */
export async function createSecrets(settings: SecretsSettings, parts: Parts): Promise<Secrets> {
  const sources = await Promise.all(settings.secretSources.map((kind) => sourceOf(kind, settings, parts)))

  async function find(name: string): Promise<string | undefined> {
    for (const source of sources) {
      const value = await source.find(name).catch((cause: unknown) => {
        throw new SecretSourceUnreachable(`the secret source ${source.kind} cannot be asked for ${name}`, { cause })
      })
      if (value === undefined) continue
      parts.redactor.register(value)
      return value
    }
    return undefined
  }

  // Templates are those of the configuration: few, and asked for with each call outwards.
  const known = new Map<string, string[]>()
  const namesOf = (template: string): string[] => {
    const names = known.get(template) ?? secretsIn(template)
    if (known.size < MOST_TEMPLATES) known.set(template, names)
    return names
  }

  return {
    async resolve(template) {
      const names = namesOf(template)
      if (names.length === 0) return template
      const values = new Map<string, string>()
      for (const name of names) {
        const value = await find(name)
        if (value === undefined) throw new SecretMissing(name)
        values.set(name, value)
      }
      return fillSecrets(template, values)
    },
    async missing(templates) {
      const names = [...new Set([...templates].flatMap(secretsIn))]
      // All at once: a source that hangs costs a start its patience once, and not for each of them.
      const found = await Promise.all(
        names.map((name) =>
          find(name).catch((error: unknown) => {
            parts.log.warn({ err: error, secret: name }, 'a secret could not be looked for')
            return UNKNOWN
          }),
        ),
      )
      return names.filter((_name, index) => found[index] === undefined)
    },
    close() {
      for (const source of sources) source.close()
    },
  }
}

async function sourceOf(
  kind: 'vault' | 'files' | 'env',
  settings: SecretsSettings,
  parts: Parts,
): Promise<SecretSource> {
  if (kind === 'env') return envSource(parts.env)
  if (kind === 'files') return filesSource(settings.secretsDir)
  const { vaultAddr } = settings
  if (vaultAddr === undefined) throw new Error('expected VAULT_ADDR, as SECRET_SOURCES names vault')
  // Loaded where it is asked for only: its client takes 5 MB of each process.
  const { vaultSource } = await import('./vault-source.ts')
  return vaultSource({ ...settings, vaultAddr }, parts)
}
