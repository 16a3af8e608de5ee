import { lockSubscriber } from '@keepr/db/subscribers/lock-subscriber'
import type { Tx } from '@keepr/db/transaction'
import { problem } from '@keepr/shared/problem'

/** Stops what would only wait or be missed, the subscriber being paused or disabled. */
export async function requireActiveSubscriber(tx: Tx, name: string): Promise<void> {
  const state = await lockSubscriber(tx, name)
  if (state !== 'active')
    throw problem('subscriber-state', { detail: `The subscriber is ${state}; resume it first.`, state })
}
