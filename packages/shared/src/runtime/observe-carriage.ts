import type { Metrics } from './metrics.ts'
import type { Publisher } from './queue.ts'

/** What stands in the outbox; packages/db asks for it (outbox/measure-outbox.ts). */
type OutboxState = { kind: string; state: string; messages: number; oldest_s: number }
type PoolState = { size: number; running: number; waiting: number }
type Sources = {
  outbox: () => Promise<readonly OutboxState[]>
  queues: Publisher['queues']
  pool: () => PoolState
}

/** What the relay of this process did. */
export type CarriageCounts = {
  count(what: 'relayed' | 'refused' | 'set_aside' | 'lease_expired', messages: number): void
}

const KINDS = ['validate_run', 'fan_out_events', 'deliver_webhook'] as const
const STATES = ['due', 'leased', 'scheduled', 'set_aside'] as const

/** What every service shows of carrying messages from the database to the queue: outbox, relay, queues, and its own pool. */
export function observeCarriage(metrics: Metrics, { outbox, queues, pool }: Sources): CarriageCounts {
  const messages = metrics.gauge('keepr_outbox_messages', 'Messages in the outbox, over all services.', [
    'kind',
    'state',
  ])
  const oldest = metrics.gauge(
    'keepr_outbox_oldest_due_seconds',
    'For how long the oldest message has been due that no relay has taken, over all services.',
    ['kind'],
  )
  metrics.sample('outbox', async () => {
    messages.reset()
    oldest.reset()
    const found = await outbox()
    for (const kind of KINDS) {
      for (const state of STATES)
        messages.set({ kind, state }, found.find((row) => row.kind === kind && row.state === state)?.messages ?? 0)
      oldest.set({ kind }, found.find((row) => row.kind === kind && row.state === 'due')?.oldest_s ?? 0)
    }
  })

  const relayed = metrics.counter('keepr_relay_messages_total', "What became of messages in this process's relay.", [
    'outcome',
  ])
  for (const outcome of ['relayed', 'refused', 'set_aside', 'lease_expired']) relayed.inc({ outcome }, 0)

  const jobs = metrics.gauge('keepr_queue_jobs', 'Jobs in the queue, over all services.', ['queue', 'state'])
  const up = metrics.gauge('keepr_queue_up', 'Whether this process can use the queue.', ['queue'])
  metrics.sample('queues', async () => {
    jobs.reset()
    for (const [queue, source] of Object.entries(queues)) {
      const usable = source.health().state === 'ok'
      up.set({ queue }, usable ? 1 : 0)
      if (!usable) continue
      const { waiting, active } = await source.counts()
      jobs.set({ queue, state: 'waiting' }, waiting)
      jobs.set({ queue, state: 'active' }, active)
    }
  })

  const size = metrics.gauge('keepr_database_pool_size', 'Connections that this process may open to the database.')
  const transactions = metrics.gauge(
    'keepr_database_transactions',
    'Transactions that run, or wait for a connection.',
    ['state'],
  )
  metrics.sample('pool', () => {
    const now = pool()
    size.set(now.size)
    transactions.set({ state: 'running' }, now.running)
    transactions.set({ state: 'waiting' }, now.waiting)
  })

  return { count: (outcome, many) => relayed.inc({ outcome }, many) }
}
