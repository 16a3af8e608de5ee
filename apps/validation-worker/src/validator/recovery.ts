import { ERRORS_TO_OPEN } from './gate.ts'
import type { Outcome } from './outcome.ts'

export type Recovery = {
  /** The process has begun, or the configuration is another: nobody knows how the validators are that runs wait for. */
  begin(types: Iterable<string>): void
  /** What came of a call. */
  note(type: string, outcome: Outcome): void
}

type Parts = {
  /** Makes the next `limit` waiting runs of a type due, spread over so many milliseconds. @returns how many there were */
  bringForward(type: string, withinMs: number, limit: number): Promise<number>
  /** Whether a try more than planned costs nothing: with counted attempts it would use one up. */
  mayProbe(type: string): boolean
}

type Validator = { errors: number; away: boolean; probe: NodeJS.Timeout | undefined }

const PROBE_EVERY_MS = 15_000
/** Over how long all are spread that waited, so that a validator that has just come back is not run over. */
const ALL_WITHIN_MS = 5_000
const ALL = 1_000

/**
 * Notices that a validator is back. Backoffs grow to minutes, so a run would wait long after it, and for longer the longer
 * it was away. While a type's calls fail one run is tried every fifteen seconds, whatever its own schedule and whichever
 * process gets it; with the first answer after so many errors as open a breaker all others go. Fewer errors say
 * something about their runs and not about the validator: those keep their backoff. It needs no memory: a process that
 * has just begun supposes that every validator was away. An operator's mistake (401, 403, 404) is mended by people: it
 * is tried by its own schedule only.
 */
export function createRecovery({ bringForward, mayProbe }: Parts): Recovery {
  const validators = new Map<string, Validator>()

  function validatorOf(type: string): Validator {
    const known = validators.get(type) ?? { errors: 0, away: false, probe: undefined }
    validators.set(type, known)
    return known
  }

  function stopProbing(validator: Validator) {
    clearTimeout(validator.probe)
    validator.probe = undefined
  }

  function probeSoon(type: string, validator: Validator) {
    if (validator.probe !== undefined || !mayProbe(type)) return
    validator.probe = setTimeout(() => void probe(type, validator), PROBE_EVERY_MS).unref()
  }

  /** Another process may get the run that is tried, so one try may be none: it goes on until nobody waits any more. */
  async function probe(type: string, validator: Validator) {
    const timer = validator.probe
    const tried = await bringForward(type, 0, 1)
    if (validator.probe !== timer) return // an answer has come in the meantime
    validator.probe = undefined
    if (tried > 0) probeSoon(type, validator)
  }

  async function bringAllForward(type: string, validator: Validator) {
    const brought = await bringForward(type, ALL_WITHIN_MS, ALL)
    // More than go at once: the rest follows when those have gone, if the validator is still well.
    if (brought === ALL)
      setTimeout(() => void (validator.away || bringAllForward(type, validator)), ALL_WITHIN_MS).unref()
  }

  function answered(type: string) {
    const validator = validatorOf(type)
    stopProbing(validator)
    validator.errors = 0
    if (!validator.away) return
    validator.away = false
    void bringAllForward(type, validator)
  }

  function failed(type: string, isMistake: boolean) {
    const validator = validatorOf(type)
    validator.errors += 1
    if (validator.errors >= ERRORS_TO_OPEN) validator.away = true
    if (isMistake) stopProbing(validator)
    else probeSoon(type, validator)
  }

  return {
    begin(types) {
      for (const type of types) {
        const validator = validatorOf(type)
        validator.away = true
        stopProbing(validator)
        if (mayProbe(type)) void probe(type, validator)
      }
    },
    note(type, outcome) {
      if (outcome.kind === 'error') failed(type, outcome.mistake === true)
      else if (outcome.kind !== 'postponed' && outcome.kind !== 'not_required') answered(type)
    },
  }
}
