import { listVersions as listVersionRows } from '@keepr/db/artifacts/list-versions'
import { listVisibleTypes } from '@keepr/db/names/list-visible-types'
import { ArtifactPage } from '@keepr/shared/schemas/artifact'
import type { Call } from '../../http/api.ts'
import { pickArtifact, requireOneType } from '../../http/pick-artifact.ts'
import { readNamed } from '../../http/read-named.ts'
import { answerPages } from '../../http/answer-pages.ts'
import { param, route } from '../../http/route.ts'
import { isVisible, viewArtifact } from '../../views/artifact.ts'
import { answeredArtifact } from './example.ts'
import { PagesQuery } from './name-query.ts'

/** Every version that the caller may see, wherever its row lies, once each, highest first. */
export const listVersions = route(
  {
    operationId: 'listVersions',
    method: 'get',
    path: '/artifacts/:name/versions',
    summary: 'All versions of a name, history included',
    tag: 'artifacts',
    query: PagesQuery,
    answers: {
      200: {
        description: 'The versions; one page of them where `limit` is given',
        schema: ArtifactPage,
        example: { items: [answeredArtifact], next_cursor: null },
        headers: ['Link'],
      },
    },
    problems: ['not-found', 'ambiguous-type', 'ambiguous-name'],
  },
  async (c, { query }) => {
    const { readDb } = c.get('ctx')
    const actor = c.get('actor')
    const name = await whoseName(c, query.type)
    const question = JSON.stringify(['versions', name])
    return await answerPages(c, {
      limit: query.limit,
      cursor: query.cursor,
      question,
      key: 'version',
      read: (after, limit) => readDb.read(actor, (tx) => listVersionRows(tx, { ...name, after, limit })),
      keyOf: ({ version }) => version,
      show: (row) => (isVisible(actor, row) ? JSON.stringify(viewArtifact(row, actor)) : undefined),
    })
  },
)

/** What the name means for the caller: the group's own in any state, else what another group offers to all. */
async function whoseName(c: Call, type: string | undefined) {
  const { readDb, settings } = c.get('ctx')
  const actor = c.get('actor')
  const named = { group_id: actor.groupId, name: param(c, 'name') }
  const types = (await readDb.read(actor, (tx) => listVisibleTypes(tx, { ...named, type }))).map((row) => row.type)
  requireOneType(types)
  const [own] = types
  if (own !== undefined) return { ...named, owner: actor.groupId, type: own }
  const foreign = settings.foreignPublic === 'by_name'
  const offered = pickArtifact(await readNamed(c, { ...named, type, foreign, withContent: false }), actor)
  return { ...named, owner: offered.group_id, type: offered.type }
}
