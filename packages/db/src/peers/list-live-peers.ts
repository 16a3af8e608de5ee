import type { Tx } from '../transaction.ts'

/**
 * The application names of the other processes of this service (each process has its own, after the prefix) that have
 * spoken to the database within the last minute. A connection without a word for so long is what a lost machine left.
 */
export async function listLivePeers(tx: Tx, prefix: string): Promise<string[]> {
  const rows = await tx<{ application_name: string }[]>`
    select application_name from pg_stat_activity
     where datname = current_database() and usename = current_user and starts_with(application_name, ${prefix})
     group by application_name
    having max(state_change) > now() - interval '1 minute'`
  return rows.map(({ application_name }) => application_name)
}
