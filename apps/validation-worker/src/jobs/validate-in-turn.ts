import { gathered } from '@keepr/db/gathered'
import { leaseMessages } from '@keepr/db/outbox/lease-messages'
import { relayBounds } from '@keepr/db/outbox/relay-bounds'
import { takeWakeUp } from '@keepr/db/outbox/take-wake-up'
import type { OutboxRow } from '@keepr/db/rows'
import { commitSoon } from '@keepr/db/transaction'
import { pause } from '@keepr/shared/runtime/pause'
import { inSpan } from '@keepr/shared/runtime/tracing'
import type { QueueMessage } from '@keepr/shared/schemas/jobs'
import type { Context } from '../context.ts'
import { beginValidation, type Validation } from './validate-artifact.ts'

/** So long one wake-up is used for the runs of a type, one after the other; then the relay has its say again. */
const STINT_MS = 2000
/** So long runs that are published together gather: about as long as a wake-up by the queue takes. */
const GATHERING_MS = 50
/** A lease is longer than a call, so that nobody else is woken for a run that is still being judged. */
const SPARE_MS = 10_000
/** … and longer than the relay's, which tells by it what it has woken workers for of late. */
const TAKEN_OVER_MS = relayBounds.leaseMs + 2000
/** A worker that dies keeps what it took over to itself until the lease ends: no longer than this. */
const LONGEST_LEASE_MS = 40_000

type Message = Pick<QueueMessage, 'group_id' | 'lane' | 'refs'>

/**
 * Validates what a message asks for, and then other runs of its type that are due, for as long as verdicts come: the queue only
 * wakes, and a job of it costs more than all else that a verdict does. Each run takes the place of one that is judged, whose verdict
 * is stored meanwhile, so the lane's bound is passed by no more than are worked on; groups have their turns, as with every lease. Where
 * many were published together more gather for a moment, so that the next are as many.
 */
export const validateInTurn = (ctx: Context) => {
  const begin = beginValidation(ctx)
  const takeOver = gathered<string, OutboxRow | undefined>(
    (type) => type,
    (type, asked) => takeOverAll(ctx, type, asked.length),
  )

  async function takeNext(type: string, last: Validation, signal: AbortSignal): Promise<OutboxRow | undefined> {
    if (last.isJudged) return leaseMsOf(ctx, type) === undefined ? undefined : await takeOver(type)
    if ((await last.followed) !== 'settled_in_a_crowd') return undefined
    const next = await takeWakeUp(ctx.db, 'validate_run', type)
    if (next) await pause(GATHERING_MS, signal)
    return next
  }

  /** Of one that was taken over: not the queue's to try again, as its own message is done. */
  async function beginNext(next: OutboxRow, signal: AbortSignal): Promise<Validation | undefined> {
    const left = (error: unknown) =>
      ctx.log.error({ err: error, message_id: next.id }, 'a run was not worked off; it is when its lease ends')
    const span = { parent: next.traceparent, attributes: { 'messaging.message.id': next.id } }
    try {
      const { isJudged, followed } = await inSpan('validate in turn', span, () => begin(next, signal))
      return { isJudged, followed: followed.catch((error: unknown) => (left(error), 'left')) }
    } catch (error) {
      left(error)
      return undefined
    }
  }

  return async (message: Message, signal: AbortSignal) => {
    const endsAt = performance.now() + STINT_MS
    const { lane: type } = message
    const own = await begin(message, signal)
    own.followed.catch(() => {}) // told at the end
    let last = own
    let stored: Promise<unknown> = Promise.resolve()
    while (type !== undefined && !signal.aborted && performance.now() < endsAt) {
      const next = await takeNext(type, last, signal)
      if (!next) break
      await stored // one verdict is stored while another is waited for, and no more
      stored = last.followed
      const begun = await beginNext(next, signal)
      if (!begun) break
      last = begun
    }
    await Promise.all([own.followed, stored, last.followed])
  }
}

async function takeOverAll({ db, ...ctx }: Context, type: string, limit: number): Promise<(OutboxRow | undefined)[]> {
  const leaseMs = leaseMsOf(ctx, type)
  if (leaseMs === undefined) return Array.from({ length: limit }, () => undefined)
  // A relay may have given away the places of those that are done already: then it gives away fewer next time.
  const perLane = relayBounds.perLane.validate_run + limit
  const [messages] = await db.withService(null, (tx, commit) => {
    const leased = Promise.all([
      leaseMessages(tx, { kind: 'validate_run', lane: type, perLane, limit, leaseMs }),
      commitSoon(tx), // a lease that is forgotten is given again
    ])
    commit()
    return leased
  })
  return Array.from({ length: limit }, (_, index) => messages[index])
}

/** Undefined where each run comes by its own message: without a validator many are published at once, and a slow one keeps them too long. */
function leaseMsOf({ types }: Pick<Context, 'types'>, type: string): number | undefined {
  const { validator, requires_validation } = types().get(type) ?? {}
  if (validator === undefined || !requires_validation) return undefined
  const leaseMs = Math.max(TAKEN_OVER_MS, validator.timeout + SPARE_MS)
  return leaseMs > LONGEST_LEASE_MS ? undefined : leaseMs
}
