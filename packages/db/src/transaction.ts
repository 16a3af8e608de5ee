import type { Actor } from '@keepr/shared/domain/actor'
import type postgres from 'postgres'

declare const inTransaction: unique symbol

/** A connection inside a transaction whose actor is set. Made only by connect.ts, so no query can run without one. */
export type Tx = postgres.Sql & { readonly [inTransaction]: true }

/** Who a transaction acts for: a user with roles, a service within one group, or a service across groups (null). */
export type Scope = { groupId: string | null; userId: string | null; roles: readonly string[] }

/**
 * Sends the commit behind the statements that were sent before, without waiting for their answers: one round trip less. What is asked
 * after it fails, and nothing may be refused any more: where one of those statements failed, the commit is a rollback, else all of it stands.
 */
export type Commit = () => void

/** What is done in one transaction. `commit` may be called once its last statements are sent; else the commit follows their answers. */
export type Story<T> = (tx: Tx, commit: Commit) => Promise<T>

/**
 * Transactions of one user that are to run one after the other: under load each is sent behind the `commit` of the one before, without
 * waiting for its answer, on the same connection, so that the server does not wait for us. What becomes of one changes nothing for the others.
 */
export type Lane = { last?: Promise<unknown> }

export const actorScope = (actor: Actor): Scope => actor
/** Who has no user is a service. */
export const serviceScope = (groupId: string | null): Scope => ({ groupId, userId: null, roles: [] })

const retryable = new Set(['40001', '40P01']) // serialization failure, deadlock
const staleIn = new Set(['RevalidateCachedQuery', 'FetchPreparedStatement', 'transformAssignedExpr'])
const maxTries = 3

/**
 * Did a prepared statement fail because its table was changed since, or because the server has forgotten it? It did nothing, and
 * the driver has forgotten it too: asked again it is prepared anew.
 */
export const isStale = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'routine' in error &&
  typeof error.routine === 'string' &&
  staleIn.has(error.routine)

/**
 * Runs `story` in one transaction with the scope set for its duration only (`set_config(…, true)`), and again,
 * up to three times in all, when PostgreSQL chose it as the victim of a deadlock or a serialization failure, or a statement of it
 * was stale.
 */
export async function runInTransaction<T>(sql: postgres.Sql, scope: Scope, story: Story<T>, lane?: Lane): Promise<T> {
  // SAFETY: the mended driver has the third (mend-driver.ts).
  const begin = sql.begin as (
    options: string,
    story: (connection: postgres.TransactionSql) => unknown,
    lane?: Lane,
  ) => unknown
  for (let attempt = 1; ; attempt++) {
    try {
      const run = async (connection: postgres.TransactionSql) => {
        // SAFETY: this is the one place where a Tx is made, after begin and together with its scope.
        const tx = connection as unknown as Tx
        // Sent at once (queries are lazy until awaited) and followed by the story's first statement without waiting:
        // one round trip less, and the connection keeps their order.
        const scoped = setScope(tx, scope).execute()
        // SAFETY: the mended driver has it (mend-driver.ts).
        const { commit } = connection as unknown as { commit: Commit }
        const [, result] = await Promise.all([scoped, story(tx, commit)])
        return result
      }
      // SAFETY: postgres.js types the result of begin as UnwrapPromiseArray; a story returns a single value.
      return (await begin('', run, lane)) as T
    } catch (error) {
      if (attempt >= maxTries || !(retryable.has(sqlState(error) ?? '') || isStale(error))) throw error
    }
  }
}

/** What is asked in a transaction finds its rows by an index: a plan made while a table was empty would read it from end to end when it is long. */
const setScope = (tx: Tx, scope: Scope) => tx`
  select set_config('keepr.group_id', ${scope.groupId ?? ''}, true),
         set_config('keepr.user_id', ${scope.userId ?? ''}, true),
         set_config('keepr.roles', ${scope.roles.join(',')}, true),
         set_config('enable_seqscan', 'off', true)${scope.userId === null ? planOnce(tx) : tx``}`

/**
 * What services ask is few statements, each over and over, whatever is asked for: planned once, since planning cost more than
 * running them.
 */
const planOnce = (tx: Tx) => tx`,
         set_config('plan_cache_mode', 'force_generic_plan', true)`

/** For what is done again if the server forgets it as it crashes, a lease for one: the commit of this transaction waits for no disk. */
export const commitSoon = async (tx: Tx): Promise<void> => {
  await tx`select set_config('synchronous_commit', 'off', true)`
}

/** The SQLSTATE of an error of the database, or the code of a lost connection. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
