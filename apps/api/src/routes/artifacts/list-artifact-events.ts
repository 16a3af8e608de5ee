import { findVersion } from '@keepr/db/artifacts/find-version'
import { listArtifactEvents as listEventRows } from '@keepr/db/events/list-artifact-events'
import { Event } from '@keepr/shared/schemas/artifact'
import * as v from 'valibot'
import { pickArtifact } from '../../http/pick-artifact.ts'
import { requireRight } from '../../commands/require-right.ts'
import { answerPages } from '../../http/answer-pages.ts'
import { param, route } from '../../http/route.ts'
import { viewEvent } from '../../views/event.ts'
import { eventExample } from './example.ts'
import { PagesQuery } from './name-query.ts'

/** What happened to a version of the own group; events of foreign artifacts are not there. */
export const listArtifactEvents = route(
  {
    operationId: 'listArtifactEvents',
    method: 'get',
    path: '/artifacts/:name/:version/events',
    summary: 'The events of a version',
    tag: 'events',
    query: PagesQuery,
    answers: {
      200: {
        description: 'The events, oldest first; one page of them where `limit` is given',
        schema: v.object({ items: v.array(Event), next_cursor: v.nullable(v.string()) }),
        example: { items: [eventExample], next_cursor: null },
        headers: ['Link'],
      },
    },
    problems: ['not-found', 'ambiguous-type'],
  },
  async (c, { query }) => {
    const { readDb } = c.get('ctx')
    const actor = c.get('actor')
    const group_id = actor.groupId
    const asked = { group_id, name: param(c, 'name'), version: param(c, 'version'), type: query.type }
    const found = await readDb.read(actor, (tx) => findVersion(tx, { ...asked, foreign: false, withContent: false }))
    const artifact = pickArtifact(found, actor)
    requireRight(actor, 'list_events', artifact)
    const question = JSON.stringify(['events', group_id, artifact.id])
    return await answerPages(c, {
      limit: query.limit,
      cursor: query.cursor,
      question,
      key: 'position',
      read: (after = '0', limit) =>
        readDb.read(actor, (tx) =>
          listEventRows(tx, { group_id, artifact_id: artifact.id, after: Number(after), limit }),
        ),
      keyOf: ({ sequence }) => String(sequence),
      show: (event) => JSON.stringify(viewEvent(event)),
    })
  },
)
