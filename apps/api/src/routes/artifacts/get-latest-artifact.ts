import { findHighestWithin } from '@keepr/db/artifacts/find-highest-within'
import type { NameQuestion } from '@keepr/db/artifacts/find-version'
import { versioningOf } from '@keepr/shared/domain/version'
import { intervalsOf, isRange, MAX_RANGE_LENGTH } from '@keepr/shared/domain/version-range'
import { Artifact } from '@keepr/shared/schemas/artifact'
import * as v from 'valibot'
import type { Call } from '../../http/api.ts'
import { pickArtifact } from '../../http/pick-artifact.ts'
import { presentArtifact } from '../../http/present.ts'
import { readNamed } from '../../http/read-named.ts'
import { param, route } from '../../http/route.ts'
import { artifactExample } from './example.ts'
import { ContentParameter, TypeParameter } from './name-query.ts'

const Query = v.strictObject({
  type: TypeParameter,
  content: ContentParameter,
  version: v.pipe(
    v.optional(
      v.config(
        v.pipe(
          v.string(),
          v.maxLength(MAX_RANGE_LENGTH, `is longer than ${MAX_RANGE_LENGTH} characters`),
          v.check(isRange, 'is not a range of versions'),
        ),
        { abortPipeEarly: true }, // what is too long is not looked at
      ),
    ),
    v.description('A range such as `^1.2` (the grammar of node-semver): the highest published version within it.'),
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
    problems: ['not-found', 'ambiguous-type', 'ambiguous-name', 'content-damaged'],
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

/** Which artifact the name means is asked first, whatever the range: so a name of two types is ambiguous in any of them. */
async function findInRange(c: Call, asked: NameQuestion, range: string) {
  const { readDb } = c.get('ctx')
  const actor = c.get('actor')
  const { type, group_id: owner, version } = pickArtifact(await readNamed(c, { ...asked, withContent: false }), actor)
  const question = { ...asked, type, owner, intervals: intervalsOf(range, versioningOf(version)) }
  return await readDb.readShared(actor, ['within', question], (tx) => findHighestWithin(tx, question))
}
