import type { OpenRun } from '@keepr/db/validation-runs/claim-runs'
import { OutboundError } from '@keepr/shared/runtime/outbound'
import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import { callValidator, type ClientParts } from './client.ts'
import { createGate, type Gate, type GateListener } from './gate.ts'
import type { Outcome } from './outcome.ts'
import { createRoom } from './room.ts'

export type Validators = {
  /** Judges a run once, by the stricter of what it was made with and what is configured now. */
  judge(run: OpenRun, signal?: AbortSignal): Promise<Outcome>
  /** The breakers of this process, by type. */
  breakers(): { type: string; state: ReturnType<Gate['state']> }[]
}

type ValidatorsParts = ClientParts & {
  types: () => ReadonlyMap<string, TypeConfig>
  /** How many calls to one validator this process makes at once, unless its `concurrency` says so. */
  concurrency: number
  /** About how much of the content that is loaded for its call alone this process sends at once: it holds that in memory. */
  largeContentBytes: number
  now: () => number
  random: () => number
  onBreaker: (type: string) => GateListener
}

export function createValidators(parts: ValidatorsParts): Validators {
  const room = createRoom(parts.largeContentBytes)
  const gates = new Map<string, { type: string; gate: Gate }>()

  /** A validator that moved to another URL starts with a closed breaker. */
  function gateOf(type: string, url: string): Gate {
    const key = `${type} ${url}`
    const known = gates.get(key)
    if (known !== undefined) return known.gate
    for (const [old, entry] of gates) if (entry.type === type) gates.delete(old)
    const gate = createGate(parts.onBreaker(type), () => performance.now(), parts.random)
    gates.set(key, { type, gate })
    return gate
  }

  return {
    async judge(run, signal) {
      const type = parts.types().get(run.artifact_type)
      if (type === undefined)
        return { kind: 'error', reason: 'type_unknown: the type is not configured any more', mistake: true }
      if (!run.requires_validation && !type.requires_validation) return { kind: 'not_required' }
      const { validator } = type
      if (validator === undefined)
        return { kind: 'error', reason: 'validator_missing: the type has no validator any more', mistake: true }
      const leave = room.enter(run.content === null && run.poll_url === null ? run.content_size : 0)
      const limits = {
        isRoom: leave !== undefined,
        group: run.group_id,
        concurrency: validator.concurrency ?? parts.concurrency,
        ratePerSecond: validator.rate_limit,
      }
      try {
        return await gateOf(run.artifact_type, validator.url).pass(limits, () =>
          callValidator(parts, { run, validator, now: parts.now(), ...(signal === undefined ? {} : { signal }) }),
        )
      } catch (error) {
        if (error instanceof OutboundError && error.reason === 'aborted')
          return { kind: 'postponed', reason: 'stopping', delayMs: 0 }
        throw error
      } finally {
        leave?.()
      }
    },
    breakers: () => [...gates.values()].map(({ type, gate }) => ({ type, state: gate.state() })),
  }
}
