import type { Actor } from '@keepr/shared/domain/actor'
import type { PendingQuery, Sql } from 'postgres'
import { isPlannedAnew, planAnew } from './driver/plan-anew.ts'
import { postgres } from './driver/postgres.ts'
import { inTime } from './in-time.ts'
import { type ReadOnce, readOncePerQuestion, type ReadTogether, readTogether } from './read-together.ts'
import { type built, gate, requireSchema } from './require-schema.ts'
import { toTimestamp } from './timestamp.ts'
import { type WriteTogether, writeTogether } from './write-together.ts'
import {
  actorScope,
  isStale,
  type Lane,
  runInTransaction,
  type Scope,
  serviceScope,
  type Story,
  type Tx,
} from './transaction.ts'

export type ConnectOptions = {
  url: string
  applicationName: string
  poolSize: number
  connectTimeoutMs: number
  statementTimeoutMs: number
  lockTimeoutMs: number
  /** How long an open transaction may do nothing. */
  idleTransactionTimeoutMs?: number
  /** What the schema has to fit: this release, unless a test says another. */
  release?: typeof built
}

/**
 * The database of one service, connected on first use. Timestamps come and go as RFC 3339 text with microseconds
 * (a JavaScript Date would cut them, and a cursor built from one would miss rows); bigint columns come as numbers
 * (all of Keepr's stay below 2^53).
 */
export type Db = AsyncDisposable & {
  /** One transaction in the name of a user. */
  withActor<T>(actor: Actor, story: Story<T>): Promise<T>
  /** One transaction in the name of a user for this item and, under load, for others that the same user asks for at once. */
  writeTogether: WriteTogether
  /** One transaction in the name of the service, within one group or (null) with what its role sees of all groups. */
  withService<T>(groupId: string | null, story: Story<T>): Promise<T>
  /** The same where a user waits for the answer: it is refused when it does not begin, or end, in time. */
  withServiceInTime<T>(groupId: string, story: Story<T>): Promise<T>
  /** One query in the name of a user, in a single round trip. */
  read<Row extends object>(actor: Actor, query: (tx: Tx) => PendingQuery<Row[]>): Promise<Row[]>
  /** The same for a query that takes several questions: under load, what one user asks at once shares a round trip. */
  readTogether: ReadTogether
  /** The same for a query of its own: what one user asks several times at once is asked once. */
  readShared: ReadOnce
  /** Calls back for every message on a channel; survives lost connections. Resolves when it listens. */
  listen(channel: string, onMessage: (payload: string) => void): Promise<{ unlisten(): Promise<void> }>
  /** How many connections it may open, and how many transactions run or wait for one. */
  pool(): { size: number; running: number; waiting: number }
  /** Answers as soon as the database does; throws where its schema does not fit this release. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** Of each connection as many requests of users may be unfinished at once: so many could still have their turn in time. */
const WAITING_PER_CONNECTION = 200

export function connect(options: ConnectOptions): Db {
  const sql = postgres(options.url, {
    max: options.poolSize,
    connect_timeout: options.connectTimeoutMs / 1000,
    idle_timeout: 60,
    max_lifetime: 60 * 30,
    backoff: (tries: number) => Math.min(0.05 * 2 ** tries, 1),
    onnotice: () => {},
    connection: {
      application_name: options.applicationName,
      TimeZone: 'UTC',
      DateStyle: 'ISO',
      statement_timeout: options.statementTimeoutMs,
      lock_timeout: options.lockTimeoutMs,
      idle_in_transaction_session_timeout: options.idleTransactionTimeoutMs ?? 10_000,
      // Before release 18 a scan that is set off costs 10^10 in a plan, for which PostgreSQL compiles it: for seconds, each time.
      jit: 'off',
    },
    types: {
      bigint: { to: 20, from: [20], parse: Number, serialize: String },
      date: {
        to: 1184,
        from: [1184],
        serialize: (value: string | Date) => (value instanceof Date ? value.toISOString() : value),
        parse: toTimestamp,
      },
    },
  }) as Sql // SAFETY: the two custom types only change how values are written, which rows.ts states.

  const fit = () => requireSchema(sql, options.release)
  const schemaFits = gate(fit)
  const load = { asked: 0, running: 0 }
  /** Between being asked for and running, a transaction waits for a connection. */
  const transact = async <T>(scope: Scope, story: Story<T>, lane?: Lane): Promise<T> => {
    let runs = 0
    load.asked += 1
    try {
      await schemaFits()
      const counted: Story<T> = (tx, commit) => {
        if (runs++ === 0) load.running += 1
        return story(tx, commit)
      }
      return await runInTransaction(sql, scope, counted, lane)
    } finally {
      load.asked -= 1
      if (runs > 0) load.running -= 1
    }
  }

  // A user is answered within the time of one statement: what did not even begin by then is refused. What begins last has that time once more.
  const { statementTimeoutMs: limitMs, poolSize } = options
  const limits = { startMs: limitMs * 0.8, endMs: limitMs * 1.8, atOnce: poolSize * WAITING_PER_CONNECTION }
  const answered = inTime(limits)
  const transactInTime = <T>(scope: Scope, story: Story<T>): Promise<T> =>
    answered((begun) =>
      transact(scope, async (tx, commit) => {
        begun()
        return await story(tx, commit)
      }),
    )
  const readNow: Db['read'] = async (actor, query) => {
    await schemaFits()
    const once = () => readOnce(sql, actorScope(actor), query)
    return await once().catch((error: unknown) => {
      if (isStale(error)) return once()
      throw error
    })
  }
  // Each statement for many ends in time too, whoever still waits for it: on a connection that hangs, all that the same user
  // asks later would wait behind it.
  const endsInTime = inTime(limits)
  const readInTime: Db['read'] = (actor, query) => endsInTime(() => readNow(actor, query))
  const together = readTogether(readInTime)
  const shared = readOncePerQuestion(readInTime)
  const written = writeTogether((actor, story, lane) => transact(actorScope(actor), story, lane))
  const close = () => sql.end({ timeout: 5 })
  return {
    withActor: (actor, story) => transactInTime(actorScope(actor), story),
    withServiceInTime: (groupId, story) => transactInTime(serviceScope(groupId), story),
    writeTogether: (actor, story, item) => answered((begun) => written(actor, story, item, begun)),
    withService: (groupId, story) => transact(serviceScope(groupId), story),
    read: (actor, query) => answered(() => readNow(actor, query)),
    readTogether: (actor, query, question) => answered(() => together(actor, query, question)),
    readShared: (actor, question, query) => answered(() => shared(actor, question, query)),
    pool: () => ({ size: options.poolSize, running: load.running, waiting: load.asked - load.running }),
    listen: (channel, onMessage) => sql.listen(channel, onMessage),
    ping: () => answered(fit),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/**
 * A read under row-level security in one round trip, as one autocommit statement: the materialized CTE sets the scope
 * for the statement's own transaction; the lateral part refers to it and may not be flattened (offset 0), so it is
 * executed after the settings are made. Several times the rate of BEGIN, set_config, SELECT, COMMIT.
 */
async function readOnce<Row extends object>(
  sql: Sql,
  scope: Scope,
  query: (tx: Tx) => PendingQuery<Row[]>,
): Promise<Row[]> {
  // SAFETY: the query becomes a fragment of the statement that sets the scope; it never runs on its own.
  const fragment = query(sql as unknown as Tx)
  const statement = sql<Row[]>`
    with scope as materialized (
      select set_config('keepr.group_id', ${scope.groupId ?? ''}, true) as group_id,
             set_config('keepr.user_id', ${scope.userId ?? ''}, true) as user_id,
             set_config('keepr.roles', ${scope.roles.join(',')}, true) as roles)
    select answer.*
      from scope, lateral (select q.* from (${fragment}) q where scope.group_id is not null offset 0) answer`
  return await (isPlannedAnew(fragment) ? planAnew(statement) : statement)
}
