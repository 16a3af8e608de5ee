import type { Manifest } from './render.ts'

type Validated = { validate(): void }
type Model = new (data: object) => Validated

/** Kinds of operators that need not be there: no schema of theirs is at hand. */
const FOREIGN = new Set(['ServiceMonitor', 'PrometheusRule', 'ScaledObject'])
/** What the constructor of a model takes by itself. */
const TOP = new Set(['apiVersion', 'kind', 'metadata', 'spec', 'data', 'automountServiceAccountToken'])

/**
 * Says what is wrong with a manifest by the schemas of Kubernetes, fields that they do not know included: those schemas
 * let them pass, so it is watched which fields the check looks at.
 */
export async function checkManifest(manifest: Manifest): Promise<string[]> {
  if (FOREIGN.has(manifest.kind)) return []
  // SAFETY: the package has a module for each kind, with one class of that name.
  const module = (await import(
    /* @vite-ignore */ `kubernetes-models/${manifest.apiVersion}/${manifest.kind}`
  )) as Record<string, Model>
  const KindModel = module[manifest.kind]
  if (KindModel === undefined) return [`no schema for ${manifest.apiVersion} ${manifest.kind}`]
  const model = new KindModel(manifest)
  const seen: Seen = new Map()
  for (const [key, value] of Object.entries(model))
    if (isObject(value)) Object.assign(model, { [key]: watch(value, seen) })
  try {
    model.validate()
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
  const unknown = Object.keys(manifest).filter((key) => !TOP.has(key))
  return [...unknown, ...unseen(seen)].map((field) => `${field} is no field`)
}

/** Each object that the check came upon, with the keys that it asked for. */
type Seen = Map<object, { proxy: object; asked: Set<PropertyKey> }>

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

function watch(value: object, seen: Seen): object {
  const known = seen.get(value)
  if (known !== undefined) return known.proxy
  const asked = new Set<PropertyKey>()
  const proxy = new Proxy(value, {
    get(target, key, receiver) {
      asked.add(key)
      const inner: unknown = Reflect.get(target, key, receiver)
      return isObject(inner) ? watch(inner, seen) : inner
    },
  })
  seen.set(value, { proxy, asked })
  return proxy
}

/** Objects of which nothing was asked are free in their form. */
const unseen = (seen: Seen): string[] =>
  [...seen].flatMap(([value, { asked }]) =>
    asked.size === 0 ? [] : Object.keys(value).filter((key) => !asked.has(key)),
  )
