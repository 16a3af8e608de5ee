import type { OutboxRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/** So often a message is due again at once: its wake-up was lost, in a flushed queue or with a worker that was killed. */
const AT_ONCE = 2
/** Then it may be what kills the workers: it rests, each time twice as long. */
const REST_S = { first: 10, longest: 600 } as const

export type FreedMessage = Pick<OutboxRow, 'id' | 'kind' | 'lane' | 'refs'> & {
  /** How often its lease ran out since it was scheduled. */
  expiries: number
  rests: boolean
}

/**
 * Frees messages whose lease ran out, at most 1,000: nobody finished them. Rests are spread, so that those that only happened to be
 * with the one that kills its worker part from it.
 */
export async function freeExpiredLeases(tx: Tx): Promise<FreedMessage[]> {
  return await tx<FreedMessage[]>`
    update outbox
       set leased_until = null, expiries = expiries + 1,
           due_at = case when expiries < ${AT_ONCE} then due_at
                         else clock_timestamp() + (0.5 + random())
                              * make_interval(secs => least(${REST_S.first} * 2 ^ least(expiries - ${AT_ONCE}, 30), ${REST_S.longest})) end
     where id = any (array(
       select id from outbox
        where leased_until < clock_timestamp() and quarantined_at is null
          and kind in ('validate_run', 'fan_out_events', 'deliver_webhook')
        limit 1000 for update skip locked))
    returning id, kind, lane, refs, expiries, expiries > ${AT_ONCE} as rests`
}
