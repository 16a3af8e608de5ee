import type postgres from 'postgres'

/** One page, newest first: the product's list without row-level security, validation state and cursor. */
export function selectPageFloor(sql: postgres.Sql, group: string, query: Record<string, string>) {
  const { type, status, category, tag } = query
  return sql`
    select id, name, type, version, status, usage_policy, group_id, created_by, content_type, content_size, content_hash,
           metadata, created_at, updated_at, published_at
      from artifact_active
     where group_id = ${group}
       ${type === undefined ? sql`` : sql`and type = ${type}`}
       ${status === undefined ? sql`` : sql`and status = ${status}`}
       ${category === undefined ? sql`` : sql`and category = ${category}`}
       ${tag === undefined ? sql`` : sql`and tags @> ${JSON.stringify([tag])}::text::jsonb`}
     order by created_at desc, id desc
     limit ${Number(query['limit'] ?? '50') + 1}`
}
