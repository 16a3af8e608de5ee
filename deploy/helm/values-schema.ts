import { catalogue } from '@keepr/shared/runtime/settings/catalogue'
import type { Setting } from '@keepr/shared/runtime/settings/setting'
import { parse } from 'yaml'

type Schema = Readonly<Record<string, unknown>>

const SERVICES = ['api', 'validation-worker', 'webhook-worker'] as const
const text = { type: 'string' }
const anyMap = { type: 'object' }
const anyList = { type: 'array', items: { type: 'object' } }
const words = (...list: string[]) => ({ type: 'string', enum: list })
const listOf = (items: Schema) => ({ type: 'array', items })
const number = (least: number) => ({ type: 'integer', minimum: least })

/** What a value's default does not tell of its type, by path; `*` is any one key. */
const KNOWN: Record<string, Schema> = {
  'image.pullPolicy': words('Always', 'IfNotPresent', 'Never'),
  'image.pullSecrets': listOf(text),
  'image.repository': { type: 'string', minLength: 1 },
  settings: settings(SERVICES),
  'api.settings': settings(['api']),
  'validationWorker.settings': settings(['validation-worker']),
  'webhookWorker.settings': settings(['webhook-worker']),
  'config.subscribers': anyList,
  'database.delivery': words('env', 'files'),
  'database.existingSecret': { type: 'string', minLength: 1 },
  'jwt.audience': listOf(text),
  'jwt.issuers': anyList,
  'secrets.sources': { type: 'array', items: words('vault', 'files', 'env'), minItems: 1, uniqueItems: true },
  'api.service.type': words('ClusterIP', 'NodePort', 'LoadBalancer'),
  'networkPolicy.databasePorts': listOf(number(1)),
  'networkPolicy.redisPorts': listOf(number(1)),
  'networkPolicy.outboundPorts': listOf(number(1)),
  'networkPolicy.outboundExcept': listOf(text),
  '*.podDisruptionBudget.maxUnavailable': { type: ['integer', 'string'] },
  'metrics.serviceMonitor.labels': mapOf(text),
  'metrics.prometheusRule.labels': mapOf(text),
  '*.resources': anyMap,
}

/** The JSON Schema of the chart's values, made from their defaults: what is not there is misspelt. */
export function valuesSchema(values: string): Schema {
  // SAFETY: the chart's own values.yaml, a map.
  const defaults = parse(values, { merge: true }) as Record<string, unknown>
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the Keepr chart',
    ...schemaOf(defaults, []),
  }
}

function schemaOf(value: unknown, path: readonly string[]): Schema {
  const known = KNOWN[path.join('.')] ?? KNOWN[['*', ...path.slice(1)].join('.')]
  if (known !== undefined) return known
  if (Array.isArray(value)) return anyList
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
    if (entries.length === 0) return anyMap
    const properties = Object.fromEntries(entries.map(([key, inner]) => [key, schemaOf(inner, [...path, key])]))
    // Parents of a chart may hand `global` down.
    if (path.length === 0) Object.assign(properties, { global: anyMap })
    return { type: 'object', additionalProperties: false, properties }
  }
  if (typeof value === 'number') return number(0)
  return { type: typeof value }
}

/** Settings that a service reads and that are no secrets: those come by secrets and never stand in values. */
function settings(services: readonly string[]): Schema {
  const names = Object.entries<Setting>(catalogue).flatMap(([name, { readBy, secret }]) =>
    secret !== true && readBy.some((service) => services.includes(service)) ? [name] : [],
  )
  return { type: 'object', propertyNames: { enum: names.toSorted() }, additionalProperties: { type: 'string' } }
}

function mapOf(values: Schema): Schema {
  return { type: 'object', additionalProperties: values }
}
