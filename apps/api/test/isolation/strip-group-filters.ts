import { type Watched, watchStatements } from './watch-statements.ts'

/** `group_id = $3`, with or without the name of its table, and its negation. */
const groupFilter = /(?:\w+\.)?group_id\s*(?:=|<>)\s*(\$\d+)/gu

/** The same statement without its questions for the group. The parameter stays in use, so that its number keeps its meaning. */
const withoutGroupFilters = (sql: string): string => sql.replaceAll(groupFilter, '($1::text is not null)')

/** How many filters were taken out so far, beside where the database is. */
export type Stripped = Watched & { removed(): number }

/**
 * PostgreSQL behind a proxy that takes the group filters out of every statement on its way: the API as it is, with the
 * mistake of having forgotten them everywhere.
 */
export async function stripGroupFilters(databaseUrl: string): Promise<Stripped> {
  let removed = 0
  const watched = await watchStatements(databaseUrl, {
    rewrite: (sql) => {
      removed += sql.match(groupFilter)?.length ?? 0
      return withoutGroupFilters(sql)
    },
  })
  return { ...watched, removed: () => removed }
}
