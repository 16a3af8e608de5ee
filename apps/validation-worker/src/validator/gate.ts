import { BrokenCircuitError, circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhenResult } from 'cockatiel'
import type { CallOutcome, Postponed } from './outcome.ts'
import { createTurns } from './turns.ts'

/** Who asks to pass, and how many may. `isRoom`: in memory, for what it brings along. */
export type GateLimits = { group: string; concurrency: number; ratePerSecond: number | undefined; isRoom: boolean }
export type GateListener = { opened: (forMs: number) => void; closed: () => void }

/** What stands before one validator of one type, in this process. */
export type Gate = {
  /** Makes the call if the validator may be called now. */
  pass(limits: GateLimits, call: () => Promise<CallOutcome>): Promise<CallOutcome | Postponed>
  state(): 'closed' | 'open' | 'half_open'
}

/** So many errors in a row tell of a validator that is ill, and not of single runs. */
export const ERRORS_TO_OPEN = 5
const OPEN_MS = 10_000
/** Those who wait for an open breaker come back over this time, or at once when it closes (bring-forward-runs). */
const OPEN_SPREAD_MS = 15_000
/** So many calls at once has a validator that has not answered of late: one that hangs holds no more slots until its time-outs. */
const UNPROVEN = 8
/** So long an answer, or thrice the time that one takes, speaks for the next calls. */
const PROVEN_MS = 2_000
const PROVEN_CALLS = 3
/** How soon a slot may be free: as fast as the validator answers, within these bounds. */
const SLOT_MS = { least: 100, most: 5_000 } as const
/** Where many wait, they ask so many times as often as slots come free: enough to miss none, and not all of them all the time. */
const ASKS_PER_SLOT = 4
const LONGEST_WAIT_MS = 30_000
const SECOND_MS = 1_000

/**
 * Circuit breaker, concurrency and rate limit. Each process has its own (docs/decisions/0007-breaker-state-per-process.md): it opens
 * after five errors in a row, and after ten seconds lets one try through. Whoever must wait is put off, not queued here:
 * waiting holds no slot of the worker and uses no attempt. One that has not answered of late gets few calls until it does, so that
 * several that hang leave slots to others. Groups get their turns, however many runs each has waiting.
 */
export function createGate(listener: GateListener, now: () => number, random: () => number): Gate {
  const breaker = circuitBreaker(
    handleWhenResult((result) => isError(result)),
    // For how long it is open we say ourselves (openUntil): its own clock may be set back, for hours.
    { halfOpenAfter: Number.NEGATIVE_INFINITY, breaker: new ConsecutiveBreaker(ERRORS_TO_OPEN) },
  )
  let openUntil = 0
  breaker.onBreak(() => {
    openUntil = now() + OPEN_MS
    listener.opened(OPEN_MS)
  })
  breaker.onReset(() => listener.closed())
  const inFlight = new Set<{ since: number }>()
  const turns = createTurns(now, random)
  let waitingUntil: number[] = []
  let averageMs: number | undefined
  let answeredAt = Number.NEGATIVE_INFINITY
  /** When the calls of the last second began, where they are limited. */
  const begun: number[] = []

  const putOff = (reason: Postponed['reason'], delayMs: number): Postponed => ({ kind: 'postponed', reason, delayMs })

  /** How many more calls the present second allows. */
  function allowedBy(rate: number) {
    while (begun[0] !== undefined && now() - begun[0] >= SECOND_MS) begun.shift()
    return rate - begun.length
  }

  function putOffForRate(group: string, rate: number): Postponed {
    const freeAt = (begun.at(-rate) ?? Number.NEGATIVE_INFINITY) + SECOND_MS
    return putOff('rate_limit', turns.wait(group, Math.max(freeAt - now(), 0) + random() * 500))
  }

  /** How many calls at once it may have as it answers now. */
  function roomFor(concurrency: number) {
    const isProven = now() - answeredAt <= Math.max(PROVEN_MS, PROVEN_CALLS * (averageMs ?? 0))
    return isProven ? concurrency : Math.min(concurrency, UNPROVEN)
  }

  /** Asking again and again for a slot would keep the database busy for nothing, and the queue full for other groups. */
  function slotDelay(concurrency: number) {
    const [oldest] = inFlight
    const expected = Math.max(averageMs ?? 0, now() - (oldest?.since ?? now()))
    waitingUntil = waitingUntil.filter((at) => at > now())
    const alone = Math.min(Math.max(expected, SLOT_MS.least), SLOT_MS.most)
    const amongMany = Math.min((waitingUntil.length * expected) / (concurrency * ASKS_PER_SLOT), LONGEST_WAIT_MS)
    return Math.max(alone, amongMany) * (0.5 + random())
  }

  function putOffForSlot(group: string, concurrency: number): Postponed {
    const delayMs = turns.wait(group, slotDelay(concurrency))
    waitingUntil.push(now() + delayMs)
    return putOff('no_free_slot', delayMs)
  }

  return {
    async pass({ group, concurrency: most, ratePerSecond, isRoom }, call) {
      // Spread a little: they would all come back at the moment when only one may pass.
      if (breaker.state === CircuitState.HalfOpen) return putOff('breaker_open', 500 + random() * 1500)
      if (breaker.state === CircuitState.Open && now() < openUntil)
        return putOff('breaker_open', openUntil - now() + random() * OPEN_SPREAD_MS)
      const concurrency = roomFor(most)
      const ahead = turns.ahead(group)
      if (!isRoom || inFlight.size + ahead >= concurrency) return putOffForSlot(group, concurrency)
      if (ratePerSecond !== undefined) {
        if (allowedBy(ratePerSecond) <= ahead) return putOffForRate(group, ratePerSecond)
        begun.push(now())
      }
      const endTurn = turns.take(group)
      const running = { since: now() }
      inFlight.add(running)
      try {
        const outcome = await breaker.execute(call)
        if (!isError(outcome)) answeredAt = now()
        return outcome
      } catch (error) {
        if (error instanceof BrokenCircuitError) return putOff('breaker_open', 500 + random() * 1500)
        throw error
      } finally {
        inFlight.delete(running)
        endTurn()
        const tookMs = now() - running.since
        averageMs = averageMs === undefined ? tookMs : averageMs * 0.8 + tookMs * 0.2
      }
    },
    state: () => {
      if (breaker.state === CircuitState.Closed) return 'closed'
      return breaker.state === CircuitState.Open && now() < openUntil ? 'open' : 'half_open'
    },
  }
}

const isError = (result: unknown) =>
  typeof result === 'object' && result !== null && 'kind' in result && result.kind === 'error'
