import { findVersion } from '@keepr/db/artifacts/find-version'
import type { PresentedArtifact } from '@keepr/db/artifacts/present-artifact'
import { jsonPatch } from '@keepr/shared/domain/diff/json-patch'
import { unifiedDiff } from '@keepr/shared/domain/diff/unified-diff'
import { problem } from '@keepr/shared/problem'
import { Version } from '@keepr/shared/schemas/artifact'
import { Integer } from '@keepr/shared/schemas/integer'
import * as v from 'valibot'
import type { ContentCache } from '../../content-cache.ts'
import { send } from '../../http/answer.ts'
import type { Call } from '../../http/api.ts'
import { revalidated } from '../../http/cache-headers.ts'
import { inTurn } from '../../http/in-turn.ts'
import { pickArtifact } from '../../http/pick-artifact.ts'
import { param, route } from '../../http/route.ts'
import { subjectOf } from '../../commands/subject-of.ts'
import { decide } from '@keepr/shared/domain/access'
import { TypeParameter } from './name-query.ts'

const Side = v.object({ id: v.string(), version: v.string(), content_hash: v.string(), content_size: Integer })
const Operations = v.array(v.record(v.string(), v.unknown()))
const described = <Schema extends v.GenericSchema>(schema: Schema, description: string) =>
  v.optional(v.pipe(schema, v.metadata({ description })))
const Diff = v.object({
  name: v.string(),
  type: v.string(),
  kind: v.picklist(['json', 'text', 'binary']),
  from: Side,
  to: Side,
  equal: v.boolean(),
  patch: described(Operations, 'JSON: an RFC 6902 patch. A value with very many differences is replaced as a whole.'),
  summary: described(
    v.object({ added: Integer, removed: Integer, replaced: Integer }),
    'JSON: how many operations of each kind the patch has.',
  ),
  unified: described(
    v.string(),
    'Text: a unified diff. Between texts with very many differences all lines from the first to the last one are replaced.',
  ),
  not_compared: described(
    v.picklist(['binary', 'too_large']),
    'Why there is neither patch nor unified diff: content is binary, or larger than the 1 MiB that an answer carries.',
  ),
  metadata: Operations,
  usage_policy: v.optional(v.object({ from: v.string(), to: v.string() })),
})

const diffExample = {
  name: 'greeting',
  type: 'prompt',
  kind: 'json',
  from: {
    id: '019ab1de-7c00-7000-8000-000000000001',
    version: '1',
    content_hash: '3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7',
    content_size: 24,
  },
  to: {
    id: '019ab1de-7c00-7000-8000-000000000003',
    version: '3',
    content_hash: '5df3b18b1e4b3ab7d3a5a0a1ab7b3e6a4e7c9f0c1d2e3f405162738495a6b7c8',
    content_size: 26,
  },
  equal: false,
  patch: [{ op: 'replace', path: '/text', value: 'Good morning' }],
  summary: { added: 0, removed: 0, replaced: 1 },
  metadata: [],
}

/** What changed between two versions: content by its kind, metadata and policy. Not compared: sizes and hashes, and why. */
export const diffVersions = route(
  {
    operationId: 'diffVersions',
    method: 'get',
    path: '/artifacts/:name/diff',
    summary: 'Compare two versions',
    tag: 'artifacts',
    query: v.strictObject({ from: Version, to: Version, type: TypeParameter }),
    answers: { 200: { description: 'The differences', schema: Diff, example: diffExample } },
    problems: ['not-found', 'ambiguous-type', 'ambiguous-name', 'artifact-not-usable', 'purged', 'content-damaged'],
  },
  // Comparing two large contents takes the event loop: others have their turn between a few at a time.
  async (c, { query }) =>
    send(c, { status: 200, headers: revalidated, body: await inTurn(c, () => compare(c, query), 2) }),
)

type Asked = { from: string; to: string; type?: string | undefined }

async function compare(c: Call, asked: Asked): Promise<object> {
  const from = await readable(c, asked.from, asked.type)
  const to = await readable(c, asked.to, asked.type ?? from.type)
  if (from.id !== to.id && (from.type !== to.type || from.group_id !== to.group_id)) throw problem('not-found')
  return {
    name: from.name,
    type: from.type,
    kind: kindOf(from, to),
    from: side(from),
    to: side(to),
    equal: from.content_hash === to.content_hash,
    ...contentDiff(from, to, c.get('ctx').contentCache),
    metadata: jsonPatch(from.metadata, to.metadata),
    ...(from.usage_policy === to.usage_policy
      ? {}
      : { usage_policy: { from: from.usage_policy, to: to.usage_policy } }),
  }
}

async function readable(c: Call, version: string, type: string | undefined): Promise<PresentedArtifact> {
  const { readDb, settings } = c.get('ctx')
  const actor = c.get('actor')
  const asked = {
    group_id: actor.groupId,
    name: param(c, 'name'),
    version,
    type,
    foreign: settings.foreignPublic === 'by_name',
    withContent: true,
  }
  const artifact = pickArtifact(await readDb.read(actor, (tx) => findVersion(tx, asked)), actor)
  const { outcome } = decide('diff', actor, subjectOf(artifact))
  if (outcome === 'unusable') throw problem('artifact-not-usable', { version })
  if (outcome !== 'allowed') throw problem('not-found')
  if (artifact.purged_at !== null) throw problem('purged', { version })
  if (artifact.inline_content) c.get('ctx').accessLog.touch(artifact)
  return artifact
}

const side = ({ id, version, content_hash, content_size }: PresentedArtifact) => ({
  id,
  version,
  content_hash,
  content_size,
})

/** What both can be compared as: the operator may have changed the kind of the type's content in between. */
const kindOf = (from: PresentedArtifact, to: PresentedArtifact) =>
  (['binary', 'text'] as const).find((kind) => [from, to].some(({ content_kind }) => content_kind === kind)) ?? 'json'

function contentDiff(from: PresentedArtifact, to: PresentedArtifact, { checked }: ContentCache): object {
  const kind = kindOf(from, to)
  if (!from.inline_content || !to.inline_content) return { not_compared: kind === 'binary' ? 'binary' : 'too_large' }
  const before = checked(from.content_hash, from.inline_content).toString('utf8')
  const after = checked(to.content_hash, to.inline_content).toString('utf8')
  if (kind === 'text') {
    return { unified: unifiedDiff({ label: from.version, text: before }, { label: to.version, text: after }) }
  }
  const patch = jsonPatch(JSON.parse(before), JSON.parse(after))
  const count = (op: string) => patch.filter((operation) => operation.op === op).length
  return { patch, summary: { added: count('add'), removed: count('remove'), replaced: count('replace') } }
}
