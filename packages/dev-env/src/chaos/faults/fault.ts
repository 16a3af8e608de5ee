import type postgres from 'postgres'
import type { Product } from '../product.ts'
import type { Random } from '../random.ts'
import type { RedisStore } from '../redis-store.ts'
import type { Subscriber } from '../subscriber.ts'

/** What faults are done to. */
export type Victims = {
  product: Product
  /** As the administrator; only for faults and for what cannot be seen from outside. */
  admin: postgres.Sql
  redis: RedisStore | undefined
  checkr: { fail(mode: string): void; down(): Promise<void>; up(): Promise<void> }
  flaky: Subscriber
}

/** One way of breaking something. It ends when nothing of it is left, and always leaves its victim whole. */
export type Fault = {
  name: string
  /** What it is done to: no two faults hit one victim at the same time. */
  victim: string
  weight: number
  strike(victims: Victims, random: Random): Promise<void>
}
