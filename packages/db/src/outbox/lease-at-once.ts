import type { Db } from '../connect.ts'
import type { OutboxRow } from '../rows.ts'
import { commitSoon } from '../transaction.ts'
import { leaseMessages, type LeaseOptions } from './lease-messages.ts'

/** Leases messages to who is at work, in one flight, which waits for no disk: a lease that is forgotten is given again. */
export async function leaseAtOnce(db: Pick<Db, 'withService'>, options: LeaseOptions): Promise<OutboxRow[]> {
  const [messages] = await db.withService(null, (tx, commit) => {
    const leased = Promise.all([leaseMessages(tx, options), commitSoon(tx)])
    commit()
    return leased
  })
  return messages
}
