import type postgres from 'postgres'
import type { History } from '../history.ts'
import type { Product } from '../product.ts'
import type { Subscriber } from '../subscriber.ts'
import type { Measured } from '../measure.ts'

/** What is known at the end of a run. */
export type Evidence = {
  admin: postgres.Sql
  history: History
  product: Product
  subscribers: Record<'steady' | 'flaky' | 'gone', Subscriber>
  settledMs: number
  queued: number
  before: Measured
  after: Measured
}

/** One promise: how many cases were looked at, and which of them broke it. */
export type Finding = { promise: string; looked: number; broken: string[] }
export type Invariant = (evidence: Evidence) => Promise<Finding[]> | Finding[]

/** A finding from rows that each are a breach. */
export const finding = (promise: string, looked: number, broken: readonly string[]): Finding => ({
  promise,
  looked,
  broken: [...broken],
})
