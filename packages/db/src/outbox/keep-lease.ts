import type { Db } from '../connect.ts'
import type { SingleKind } from '../rows.ts'
import { commitSoon } from '../transaction.ts'
import type { RelayOptions } from './relay.ts'
import { AT_WORK_MS } from './relay-bounds.ts'
import { renewLease } from './renew-lease.ts'

type Parts = { db: Pick<Db, 'withService'>; log: Pick<RelayOptions['log'], 'warn'> }

/**
 * Keeps the lease of a message while a call that it asks for lasts, which may be longer than the lease: what a relay has freed anybody
 * may take over, and would make the same call beside it. A process that dies keeps nothing; its lease ends by itself.
 */
export async function keepLease<T>(
  { db, log }: Parts,
  message: { kind: SingleKind; ref: string },
  call: () => Promise<T>,
  leaseMs: number = AT_WORK_MS,
): Promise<T> {
  const renew = () =>
    db
      .withService(null, (tx) => Promise.all([renewLease(tx, { ...message, leaseMs }), commitSoon(tx)]))
      .catch((error: unknown) =>
        log.warn({ err: error, ...message }, 'a lease was not renewed; another call may be made beside this one'),
      )
  const timer = setInterval(() => void renew(), leaseMs / 2)
  try {
    return await call()
  } finally {
    clearInterval(timer)
  }
}
