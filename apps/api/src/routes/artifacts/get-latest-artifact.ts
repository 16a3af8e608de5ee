import { findVersion, type NameQuestion } from '@keepr/db/artifacts/find-version'
import { listVersions } from '@keepr/db/artifacts/list-versions'
import { isRange, MAX_RANGE_LENGTH, resolveRange } from '@keepr/shared/domain/version'
import { problem } from '@keepr/shared/problem'
import { Artifact } from '@keepr/shared/schemas/artifact'
import * as v from 'valibot'
import type { Call } from '../../http/api.ts'
import { pickArtifact } from '../../http/pick-artifact.ts'
import { presentArtifact } from '../../http/present.ts'
import { readNamed } from '../../http/read-named.ts'
import { param, route } from '../../http/route.ts'
import { isVisible } from '../../views/artifact.ts'
import { artifactExample } from './example.ts'
import { ContentParameter, TypeParameter } from './name-query.ts'

const Query = v.strictObject({
  type: TypeParameter,
  content: ContentParameter,
  version: v.optional(
    v.config(
      v.pipe(
        v.string(),
        v.maxLength(MAX_RANGE_LENGTH, `is longer than ${MAX_RANGE_LENGTH} characters`),
        v.check(isRange, 'is not a range of versions'),
      ),
      { abortPipeEarly: true }, // what is too long is not looked at
    ),
  ),
})

/** The latest published version, or the highest published one within a range. */
export const getLatestArtifact = route(
  {
    operationId: 'getLatestArtifact',
    method: 'get',
    path: '/artifacts/:name',
    summary: 'The latest published version of a name',
    tag: 'artifacts',
    query: Query,
    heeds: ['If-None-Match'],
    answers: {
      200: { description: 'The latest version', schema: Artifact, example: artifactExample, headers: ['ETag'] },
      304: { description: 'The caller has this revision', headers: ['ETag'] },
    },
    problems: ['not-found', 'ambiguous-type', 'ambiguous-name'],
  },
  async (c, { query }) => {
    const actor = c.get('actor')
    const asked = {
      group_id: actor.groupId,
      name: param(c, 'name'),
      type: query.type,
      foreign: c.get('ctx').settings.foreignPublic === 'by_name',
      withContent: query.content !== 'false',
    }
    const found = query.version === undefined ? await readNamed(c, asked) : await findInRange(c, asked, query.version)
    return presentArtifact(c, pickArtifact(found, actor))
  },
)

async function findInRange(c: Call, asked: NameQuestion, range: string) {
  const { readDb } = c.get('ctx')
  const actor = c.get('actor')
  const all = await readDb.read(actor, (tx) => listVersions(tx, asked))
  const published = all.filter((artifact) => artifact.status === 'published' && isVisible(actor, artifact))
  if (published.length === 0) throw problem('not-found')
  const one = pickArtifact(latestOfEachName(published), actor)
  const version = resolveRange(
    range,
    published.map((artifact) => artifact.version),
  )
  if (version === undefined) throw problem('not-found')
  return await readDb.read(actor, (tx) => findVersion(tx, { ...asked, type: one.type, version }))
}

/** One row per group and type is enough to tell whether the name is ambiguous. */
const latestOfEachName = <A extends { group_id: string; type: string }>(rows: readonly A[]): A[] => [
  ...new Map(rows.map((row) => [JSON.stringify([row.group_id, row.type]), row])).values(),
]
