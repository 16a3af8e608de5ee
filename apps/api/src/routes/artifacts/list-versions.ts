import { listVersions as listVersionRows } from '@keepr/db/artifacts/list-versions'
import { problem } from '@keepr/shared/problem'
import { ArtifactPage } from '@keepr/shared/schemas/artifact'
import { send } from '../../http/answer.ts'
import { revalidated } from '../../http/cache-headers.ts'
import { requireOneGroup } from '../../http/pick-artifact.ts'
import { param, route } from '../../http/route.ts'
import { isVisible, viewArtifact } from '../../views/artifact.ts'
import { answeredArtifact } from './example.ts'
import { NameQuery } from './name-query.ts'

/** Every version that the caller may see, wherever its row lies, once each, highest first. */
export const listVersions = route(
  {
    operationId: 'listVersions',
    method: 'get',
    path: '/artifacts/:name/versions',
    summary: 'All versions of a name, history included',
    tag: 'artifacts',
    query: NameQuery,
    answers: {
      200: {
        description: 'The versions',
        schema: ArtifactPage,
        example: { items: [answeredArtifact], next_cursor: null },
      },
    },
    problems: ['not-found', 'ambiguous-type', 'ambiguous-name'],
  },
  async (c, { query }) => {
    const actor = c.get('actor')
    const { readDb, settings } = c.get('ctx')
    const asked = {
      group_id: actor.groupId,
      name: param(c, 'name'),
      type: query.type,
      foreign: settings.foreignPublic === 'by_name',
    }
    const rows = (await readDb.read(actor, (tx) => listVersionRows(tx, asked))).filter((row) => isVisible(actor, row))
    if (rows.length === 0) throw problem('not-found')
    requireOneGroup(rows, actor)
    const types = [...new Set(rows.map(({ type }) => type))]
    if (types.length > 1)
      throw problem('ambiguous-type', { detail: `Say which with ?type=: ${types.join(', ')}.`, types })
    const items = rows.map((row) => viewArtifact(row, actor))
    return send(c, { status: 200, body: { items, next_cursor: null }, headers: revalidated })
  },
)
