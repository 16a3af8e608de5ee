import type { Outcome } from './outcome.ts'

export type Recovery = {
  /** The process has begun, or the configuration is another: nobody knows how the validators are that runs wait for. */
  begin(types: Iterable<string>): void
  /** What came of a call. */
  note(type: string, outcome: Outcome): void
}

type Parts = {
  /** Makes the next `limit` waiting runs of a type due, spread over so many milliseconds. */
  bringForward(type: string, withinMs: number, limit: number): Promise<void>
  /** Whether a try more than planned costs nothing: with counted attempts it would use one up. */
  mayProbe(type: string): boolean
}

const PROBE_EVERY_MS = 15_000
/** Over how long all are spread that waited, so that a validator that has just come back is not run over. */
const ALL_WITHIN_MS = 5_000
const ALL = 1_000

/**
 * Notices that a validator is back. Backoffs grow to minutes, so a run would wait long after it, and for longer the longer
 * it was away. While a type's calls fail one run is tried every fifteen seconds, whatever its own schedule; with the first
 * verdict all others go. It needs no memory: a process that has just begun supposes that every validator was away. An
 * operator's mistake (401, 403, 404) is mended by people: it is tried by its own schedule only.
 */
export function createRecovery({ bringForward, mayProbe }: Parts): Recovery {
  const away = new Set<string>()
  const probes = new Map<string, NodeJS.Timeout>()

  function probeSoon(type: string) {
    if (probes.has(type) || !mayProbe(type)) return
    const timer = setTimeout(() => {
      probes.delete(type)
      if (away.has(type)) void bringForward(type, 0, 1)
    }, PROBE_EVERY_MS)
    probes.set(type, timer.unref())
  }

  function isBack(type: string) {
    clearTimeout(probes.get(type))
    probes.delete(type)
    if (away.delete(type)) void bringForward(type, ALL_WITHIN_MS, ALL)
  }

  return {
    begin(types) {
      for (const type of types) {
        away.add(type)
        if (mayProbe(type)) void bringForward(type, 0, 1)
      }
    },
    note(type, outcome) {
      if (outcome.kind === 'passed' || outcome.kind === 'failed') isBack(type)
      else if (outcome.kind === 'error') {
        away.add(type)
        if (!outcome.mistake) probeSoon(type)
      }
    },
  }
}
