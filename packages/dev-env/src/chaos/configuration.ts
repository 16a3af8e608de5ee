import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

type Options = { folder: string; checkrPort: number; subscribers: Record<string, number> }

/** What the run submits: how it is written, whether a validator judges it, how its versions are counted. */
export const TYPES = {
  prompt: { content: 'json', validated: false, versioning: 'integer' },
  note: { content: 'text', validated: false, versioning: 'integer' },
  weights: { content: 'binary', validated: false, versioning: 'integer' },
  chain: { content: 'json', validated: false, versioning: 'integer' },
  script: { content: 'json', validated: true, versioning: 'integer' },
  plugin: { content: 'text', validated: true, versioning: 'semver' },
  fragile: { content: 'json', validated: true, versioning: 'integer' },
  held: { content: 'json', validated: true, versioning: 'integer' },
} as const
export type TypeName = keyof typeof TYPES

/** Writes the operator's two files; the validator and the subscribers belong to the run. JSON is YAML. */
export function writeConfiguration({ folder, checkrPort, subscribers }: Options): string {
  const configDir = join(folder, 'config')
  mkdirSync(configDir)
  const validator = { url: `http://127.0.0.1:${checkrPort}/sast-check`, timeout: '2s', backoff: '300ms' }
  const more: Partial<Record<TypeName, object>> = {
    chain: { max_published: 3 },
    script: { validator },
    plugin: { validator },
    fragile: { validator: { ...validator, attempts: 3 } },
    held: { validator: { ...validator, attempts: 3, on_unavailable: 'hold' } },
  }
  const types = Object.entries(TYPES).map(([name, { content, validated, versioning }]) => [
    name,
    // SAFETY: Object.entries of TYPES gives its keys.
    { requires_validation: validated, content, versioning, ...more[name as TypeName] },
  ])
  writeFileSync(join(configDir, 'artifact_type_config.yaml'), JSON.stringify({ types: Object.fromEntries(types) }))
  const told = Object.entries(subscribers).map(([name, port]) => ({
    name,
    url: `http://127.0.0.1:${port}/`,
    secret: '{{CHAOS_SECRET}}',
    timeout: '3s',
    events: ANNOUNCED,
  }))
  writeFileSync(join(configDir, 'webhooks.yaml'), JSON.stringify({ subscribers: told }))
  return configDir
}

/** The events that the run's subscribers ask for. */
export const ANNOUNCED = ['published', 'blocked', 'rollback', 'restored', 'archived', 'cancelled', 'verification_held']
