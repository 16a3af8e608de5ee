import type { Product } from '../stage/product.ts'
import { SEED_GROUP } from '../seed/seed-shape.ts'

/** Names all over the seeded group whose versions from `from` to `to` are all published, and none later: earlier runs left some. */
export async function chooseNames(
  { sql }: Product,
  count: number,
  { from, to } = { from: 5, to: 5 },
): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select name from artifact_active a
     where group_id = ${SEED_GROUP} and name like 'seeded-%' and status = 'published'
       and version = any (select generate_series(${from}::int, ${to}::int)::text)
       and not exists (select from artifact_versions v
                        where v.group_id = a.group_id and v.name = a.name and v.version::int > ${to})
     group by name having count(*) = ${to - from + 1}
     order by md5(name) limit ${count}`
  return rows.map(({ name }) => name)
}
