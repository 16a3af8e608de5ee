import type { Route } from '../../src/http/route.ts'
import { type Target } from './world.ts'

export type Probe = { method: string; path: string; body?: unknown }
type Fill = (target: Target) => string
type Bodies = (target: Target) => unknown[]

/** Segments of a path. Where one name means different things, the operation decides. */
const segments: Record<string, Fill> = {
  name: ({ name }) => name,
  version: ({ version }) => version,
  'getArtifactById.id': ({ id }) => id,
  'getContentById.id': ({ id }) => id,
  'redeliver.id': ({ delivery_id }) => delivery_id,
}

/** Parameters that can point at an artifact. */
const parameters: Record<string, Fill> = {
  name: ({ name }) => name,
  type: ({ type }) => type,
  tag: ({ tag }) => tag,
  category: ({ tag }) => tag,
  q: ({ name }) => name,
  content_hash: ({ content_hash }) => content_hash,
  status: ({ status }) => status,
  usage_policy: ({ usage_policy }) => usage_policy,
  event: ({ event_id }) => event_id,
  version: ({ version }) => version,
  from: ({ version }) => version,
  to: ({ version }) => version,
}
/** Those whose words another operation uses for something else. */
const elsewhere = new Set(['listDeliveries.status'])
/** Parameters that only say how an answer looks, or that carry a cursor, which is tested by itself. */
const neutral = new Set(['content', 'created_after', 'created_before', 'scope', 'sort', 'limit', 'cursor', 'after', 'types', 'subscriber']) // prettier-ignore

const nothing: Bodies = () => [{}]
const bodies: Record<string, Bodies> = {
  editDraft: () => [{ content: 1 }],
  submitDraft: nothing,
  revalidateArtifact: nothing,
  cancelVerification: nothing,
  patchMetadata: () => [{ metadata: { a: 1 } }, { usage_policy: 'public' }],
  rollBackArtifact: ({ version }) => [{}, { to_version: version }],
  archiveArtifact: nothing,
  restoreArtifact: nothing,
  redeliver: nothing,
  cleanUpArtifacts: ({ plan_id }) => [{ apply: true, plan_id }],
  submitArtifact: ({ name, type, version, content }) => [
    { name, type, version, content },
    { name, type, content },
    { name, type, bump: 'patch', content, draft: true },
  ],
  explainAccess: ({ name, version, type }) => [
    { action: 'read', name },
    { action: 'read_content', name, version, type },
    { action: 'list_events', name, version },
    { action: 'roll_back', name, version },
    { action: 'submit', name },
  ],
}

/** Fields of bodies that can point at nothing. */
const neutralFields = new Set([
  'content', 'content_base64', 'metadata', 'usage_policy', 'draft', 'bump', 'reason', 'ttl', 'type', 'include_latest', 'limit', 'cursor',
]) // prettier-ignore

/**
 * Operations that take nothing by which an artifact of a group could be named; what they answer is compared as a whole.
 * Subscribers and re-validations belong to the installation and to its operators.
 */
export const ABOUT_NOTHING = new Set([
  'listTypes', 'listEvents', 'startRecheck', 'listRechecks', 'pauseRecheck', 'resumeRecheck', 'getHealth', 'getReadiness', 'getMetrics',
  'listSubscribers', 'replaySubscriber', 'testSubscriber', 'resumeSubscriber', 'listOperationalEvents',
]) // prettier-ignore

/**
 * Every request by which an operation can be asked about a target, generated from its declaration. An operation, a
 * segment or a parameter that is not known here is an error: nothing is added to the API without being tried.
 */
export function probesOf(route: Route, target: Target): Probe[] {
  const { operationId, method } = route
  if (ABOUT_NOTHING.has(operationId)) return []
  const path = route.path.replaceAll(/:(\w+)/gu, (_, segment: string) => fill(segments, operationId, segment)(target))
  const queries = queriesOf(route, target)
  const asked = bodiesOf(route, target)
  const probes = queries.flatMap((query) =>
    asked.map((body): Probe => ({
      method: method.toUpperCase(),
      path: path + query,
      ...(body === undefined ? {} : { body }),
    })),
  )
  if (method === 'get') probes.push({ method: 'HEAD', path: path + (queries.at(-1) ?? '') })
  if (path === route.path && queries.length === 1 && asked.length === 1 && asked[0] === undefined)
    throw new Error(`${operationId}: nothing it takes is known to name an artifact; see test/isolation/probes.ts`)
  return probes
}

function queriesOf(route: Route, target: Target): string[] {
  const names = Object.keys(entriesOf(route.query))
  const required = names.filter((name) => ['from', 'to'].includes(name))
  const known = names.filter((name) => !neutral.has(name) && !elsewhere.has(`${route.operationId}.${name}`))
  const pairs = known.map((name): [string, string] => [name, fill(parameters, route.operationId, name)(target)])
  const always = pairs.filter(([name]) => required.includes(name))
  const optional = pairs.filter(([name]) => !required.includes(name))
  const sets = [always, ...optional.map((pair) => [...always, pair]), ...(optional.length > 1 ? [pairs] : [])]
  // The archive is a list of its own.
  const archived = names.includes('status') && target.status === 'archived'
  const steered = archived ? sets.map((set) => [...set.filter(([name]) => name !== 'status'), ['status', 'archived']]) : sets // prettier-ignore
  return [...new Set(steered.map((set) => (set.length === 0 ? '' : `?${new URLSearchParams(set).toString()}`)))]
}

function bodiesOf({ operationId, body }: Route, target: Target): unknown[] {
  if (!body) return [undefined]
  const known = bodies[operationId]
  if (!known) throw new Error(`${operationId}: no body is known for it; see test/isolation/probes.ts`)
  const asked = known(target)
  const tried = new Set(asked.flatMap((one) => Object.keys(Object(one))))
  for (const field of Object.keys(entriesOf(body))) {
    if (tried.has(field) || neutralFields.has(field)) continue
    throw new Error(`${operationId}: its field ${field} is tried by no body; see test/isolation/probes.ts`)
  }
  return asked
}

function fill(known: Record<string, Fill>, operationId: string, name: string): Fill {
  const found = known[`${operationId}.${name}`] ?? known[name]
  if (!found) throw new Error(`${operationId}: nothing is known to fill ${name} with; see test/isolation/probes.ts`)
  return found
}

/** The entries of an object schema, also inside a pipe. */
function entriesOf(schema: unknown): Record<string, unknown> {
  if (typeof schema !== 'object' || schema === null) return {}
  // SAFETY: valibot's object schemas have entries; whatever else it is has none.
  if ('entries' in schema) return schema.entries as Record<string, unknown>
  return 'pipe' in schema && Array.isArray(schema.pipe) ? entriesOf(schema.pipe[0]) : {}
}
