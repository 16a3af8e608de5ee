import type { Tx } from '../transaction.ts'

export type PublishedRef = { artifact_id: string; group_id: string; content_hash: string }

type Asked = {
  type: string
  after: string | null
  /** The id of what asks: what was made after it is left out. */
  before: string
  limit: number
}

/** The next published artifacts of a type after a cursor, over all groups, in the order of their ids, which is that of their making. */
export async function listPublishedOfType(tx: Tx, { type, after, before, limit }: Asked): Promise<PublishedRef[]> {
  return await tx<PublishedRef[]>`
    select artifact_id, group_id, content_hash
      from list_published_of_type(${type}, coalesce(${after}::uuid, '00000000-0000-0000-0000-000000000000'), ${limit})
     where artifact_id < ${before}::uuid`
}
