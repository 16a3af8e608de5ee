import type { TypeName } from './configuration.ts'

export type Outcome = 'ok' | 'refused' | 'unknown'

/** A version that was asked for. */
export type Sent = { group: string; type: TypeName; name: string; nonce: string; harmful: boolean }

/** A submission or draft that was answered with success. */
export type Acked = Sent & { id: string; version: string; hash: string; draft: boolean }

/** Content that was served as published, and when the request for it began and ended. */
export type ServedContent = { id: string; hash: string; from: number; until: number }

/** What the clients know: the run's own record, which is compared with the database afterwards. */
export type History = {
  count(operation: string, outcome: Outcome, status: number | undefined, tookMs: number): void
  /** Notes a write that was answered with success. */
  acknowledge(acked: Acked): void
  operations: Map<string, Record<Outcome, number>>
  statuses: Map<string, number>
  slowestMs: number
  /** By the hash of its content: all that was ever sent, whatever became of it. */
  sent: Map<string, Sent>
  acked: Acked[]
  /** The hashes that a version may have by what its writer knows: several only after an edit without an answer. */
  hashes: Map<string, Set<string>>
  served: ServedContent[]
  /** When the withdrawal of a version was answered. */
  withdrawn: Map<string, number[]>
  discarded: Set<string>
  perhapsDiscarded: Set<string>
  /** By group: the events that its feed told of, in the order in which it did. */
  feed: Map<string, string[]>
  replayed: number
  /** What no client may ever see. */
  complaints: string[]
}

export function createHistory(): History {
  const history: History = {
    operations: new Map(),
    statuses: new Map(),
    slowestMs: 0,
    sent: new Map(),
    acked: [],
    hashes: new Map(),
    served: [],
    withdrawn: new Map(),
    discarded: new Set(),
    perhapsDiscarded: new Set(),
    feed: new Map(),
    replayed: 0,
    complaints: [],
    count(operation, outcome, status, tookMs) {
      const counts = history.operations.get(operation) ?? { ok: 0, refused: 0, unknown: 0 }
      counts[outcome] += 1
      history.operations.set(operation, counts)
      const answer = status === undefined ? 'none' : String(status)
      history.statuses.set(answer, (history.statuses.get(answer) ?? 0) + 1)
      history.slowestMs = Math.max(history.slowestMs, tookMs)
    },
    acknowledge(acked) {
      history.acked.push(acked)
      history.hashes.set(acked.id, new Set([acked.hash]))
    },
  }
  return history
}
