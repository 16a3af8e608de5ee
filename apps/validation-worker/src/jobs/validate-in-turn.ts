import { gathered } from '@keepr/db/gathered'
import { leaseAtOnce } from '@keepr/db/outbox/lease-at-once'
import { AT_WORK_MS, relayBounds } from '@keepr/db/outbox/relay-bounds'
import { CROWD, GATHERING_MS, giveBackWakeUp, takeWakeUp } from '@keepr/db/outbox/take-wake-up'
import type { OutboxRow } from '@keepr/db/rows'
import { isJudgedInTurn } from '@keepr/shared/schemas/type-config'
import { pause } from '@keepr/shared/runtime/pause'
import { inSpan } from '@keepr/shared/runtime/tracing'
import type { QueueMessage } from '@keepr/shared/schemas/jobs'
import type { Context } from '../context.ts'
import { MOST_AT_ONCE } from './publish-waiting.ts'
import { validateArtifact, type Validation } from './validate-artifact.ts'

/** So long one wake-up is used for the runs of a type, one after the other; then the relay has its say again. */
const STINT_MS = 2000

type Message = Pick<QueueMessage, 'group_id' | 'lane' | 'refs'>

/**
 * Validates what a message asks for, and then other runs of its type that are due, for as long as verdicts come: the queue only
 * wakes, and a job of it costs more than all else that a verdict does. Each run takes the place of one that is judged, whose verdict
 * is stored meanwhile, so the lane's bound is passed by no more than are worked on; groups have their turns, as with every lease. Where
 * many were published together more gather for a moment, so that the next are as many.
 */
export const validateInTurn = (ctx: Context) => {
  const validate = validateArtifact(ctx)
  const takeOver = gathered<string, OutboxRow | undefined>(
    (type) => type,
    (type, asked) => takeOverAll(ctx.db, type, asked.length),
  )

  async function takeNext({ lane: type, group_id }: Message, last: Validation, signal: AbortSignal) {
    if (type === undefined) return undefined
    if (last.isJudged) return mayTakeOver(ctx, type) ? await takeOver(type) : undefined
    if (last.published < CROWD) return undefined
    const next = await takeWakeUp(ctx.db, 'validate_run', type)
    const moreIsThere = last.published > MOST_AT_ONCE || next?.group_id !== group_id
    if (next && !moreIsThere) await pause(GATHERING_MS, signal)
    return next
  }

  /** Of one that was taken over: not the queue's to try again, as its own message is done. @returns undefined where it ends the turns */
  async function validateNext(next: OutboxRow, signal: AbortSignal): Promise<Validation | undefined> {
    const left = async (error: unknown) => {
      ctx.log.error({ err: error, message_id: next.id }, 'a run was not worked off, and is left to others')
      await giveBackWakeUp(ctx, next)
      return 'left'
    }
    const span = { parent: next.traceparent, attributes: { 'messaging.message.id': next.id } }
    try {
      const { followed, ...validation } = await inSpan('validate in turn', span, () => validate(next, signal))
      return { ...validation, followed: followed.catch(left) }
    } catch (error) {
      await left(error)
      return undefined
    }
  }

  return async (woken: Message, signal: AbortSignal) => {
    const endsAt = performance.now() + STINT_MS
    const own = await validate(woken, signal)
    own.followed.catch(() => {}) // told at the end
    let message = woken
    let last = own
    /** Of the one before: one verdict is stored while another is waited for, and no more. */
    let stored: Promise<string> = Promise.resolve('nothing yet')
    try {
      while (!signal.aborted && performance.now() < endsAt && (await stored) !== 'left') {
        const next = await takeNext(message, last, signal)
        if (!next) break
        stored = last.followed
        const validation = await validateNext(next, signal)
        if (!validation) break
        message = next
        last = validation
      }
    } finally {
      await Promise.allSettled([own.followed, stored, last.followed])
    }
    await own.followed // the queue tries it again if it could not be stored
  }
}

async function takeOverAll(db: Context['db'], lane: string, limit: number): Promise<(OutboxRow | undefined)[]> {
  // A relay may have given away the places of those that are done already: then it gives away fewer next time.
  const perLane = relayBounds.perLane.validate_run + limit
  const messages = await leaseAtOnce(db, { kind: 'validate_run', lane, perLane, limit, leaseMs: AT_WORK_MS })
  return Array.from({ length: limit }, (_, index) => messages[index])
}

/** Not where many are published at once: without a validator nobody has to be waited for. */
function mayTakeOver({ types }: Pick<Context, 'types'>, name: string): boolean {
  const type = types().get(name)
  return type !== undefined && isJudgedInTurn(type)
}
