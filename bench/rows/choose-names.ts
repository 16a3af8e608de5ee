import type { Product } from '../stage/product.ts'
import { SEED_GROUP } from '../seed/seed-shape.ts'

/** Names all over the seeded group whose versions from `from` to `to` are all published, always the same ones. */
export async function chooseNames(
  { sql }: Product,
  count: number,
  { from, to } = { from: 5, to: 5 },
): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select name from artifact_active
     where group_id = ${SEED_GROUP} and name like 'seeded-%' and status = 'published'
       and version = any (select generate_series(${from}::int, ${to}::int)::text)
     group by name having count(*) = ${to - from + 1}
     order by md5(name) limit ${count}`
  return rows.map(({ name }) => name)
}
