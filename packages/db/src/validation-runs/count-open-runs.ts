import type { Tx } from '../transaction.ts'

export type OpenRunCount = {
  artifact_type: string
  age: 'under_1m' | 'under_10m' | 'under_1h' | 'over_1h'
  runs: number
}

/** How many runs wait for a verdict, by type and age, over all groups. */
export async function countOpenRuns(tx: Tx): Promise<OpenRunCount[]> {
  return await tx<OpenRunCount[]>`
    select artifact_type,
           case when created_at > now() - interval '1 minute' then 'under_1m'
                when created_at > now() - interval '10 minutes' then 'under_10m'
                when created_at > now() - interval '1 hour' then 'under_1h'
                else 'over_1h' end as age,
           count(*)::int as runs
      from validation_runs
     where state in ('waiting', 'running', 'error')
     group by 1, 2`
}
