import { createPostgresBackend, type PgPool, Queue, Worker } from 'bullmq'
import { Pool } from 'pg'
import { urlForPg } from '../../url-for-pg.ts'
import { type QueueBackend, type QueueUse, WORKER_OPTIONS } from './backend.ts'

const SCHEMA = 'bullmq'
/** BullMQ takes times from this machine's clock; from here on that disturbs other workers. */
const TOLERATED_SKEW_MS = 2000
/** One connection of a worker listens for ever. */
const POOL_SIZE = { producer: 2, worker: 6 } as const

/** BullMQ on PostgreSQL. The pool is ours, so that no error of a connection goes unheard (it would end the process). */
export function postgresBackend(url: string, use: QueueUse, onError: (error: Error) => void): QueueBackend {
  const pool = new Pool({
    connectionString: urlForPg(url),
    max: POOL_SIZE[use],
    options: `-c search_path=${SCHEMA}`,
    application_name: `keepr-queue-${use}`,
    connectionTimeoutMillis: 1500,
    query_timeout: 5000,
    keepAlive: true,
  })
  pool.on('error', onError)
  pool.on('connect', (client) => client.on('error', onError))
  // SAFETY: BullMQ documents that it takes a pg.Pool; its own description of one is stricter about listeners.
  const connection = pool as unknown as PgPool

  return {
    store: `QUEUE_DATABASE_URL (${URL.parse(url)?.host ?? ''})`,
    bulkFrom: 20, // a bulk call makes temporary tables: 2.6 ms and dead catalog rows against 0.5 ms
    probe: () => probe(pool),
    makeQueue: (name) => new Queue(name, { connection, skipMetasUpdate: true }, createPostgresBackend),
    makeWorker: (name, processor, concurrency) =>
      new Worker(name, processor, { ...WORKER_OPTIONS, connection, concurrency }, createPostgresBackend),
    isRefusal: (error) => error instanceof Error && 'code' in error && /^(22|23|54|P0)/.test(String(error.code)),
    close: () => pool.end(),
  }
}

async function probe(pool: Pool): Promise<string | undefined> {
  const asked = Date.now()
  const { rows } = await pool.query<{ now_ms: string; migrated: boolean }>(
    `select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms, to_regclass($1) is not null as migrated`,
    [`${SCHEMA}.job`],
  )
  const [row] = rows
  if (row?.migrated !== true) throw new Error('the queue has no tables yet: run the migrations')
  await forgetTheFuture(pool)
  const skew = Math.round(Math.abs((asked + Date.now()) / 2 - Number(row.now_ms)))
  return skew > TOLERATED_SKEW_MS ? `this machine's clock is ${skew} ms off the database's` : undefined
}

/**
 * A process whose clock ran ahead leaves marks that would keep every worker from looking for dead workers' jobs, and
 * locks that outlive it, until that future has come. Only the database's clock counts here.
 */
async function forgetTheFuture(pool: Pool): Promise<void> {
  await pool.query(
    `with clock as (select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms),
          marks as (delete from meta using clock
                     where field = 'stalled-check' and value ~ '^[0-9]+$' and value::numeric > now_ms + 60000)
     update job set locked_until_ms = now_ms from clock
      where state = 'active' and locked_until_ms > now_ms + 60000`,
  )
}
