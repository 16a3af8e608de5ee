import type postgres from 'postgres'
import type { Timestamp } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { deliveriesOf, type DeliveryQuestion, LOOKED_AT } from './list-deliveries.ts'

/** The last delivery that a look goes through; no row where there are none beyond it. */
export const findDeliveriesReach = (
  tx: Tx,
  asked: DeliveryQuestion,
): postgres.PendingQuery<{ created_at: Timestamp; id: string }[]> =>
  tx<{ created_at: Timestamp; id: string }[]>`
    select created_at, id ${deliveriesOf(tx, asked)} offset ${LOOKED_AT - 1} limit 1`
