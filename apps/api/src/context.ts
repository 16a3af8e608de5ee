import type { Db } from '@keepr/db/connect'
import type { LeasedMessage } from '@keepr/db/rows'
import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import type { Log } from '@keepr/shared/runtime/log'
import type { AccessFlushes } from './access-flushes.ts'
import type { ApiMetrics } from './api-metrics.ts'
import type { AccessLog } from './access-log.ts'
import type { EventStreams } from './event-streams.ts'
import type { Room } from './room.ts'
import type { Uploads } from './uploads.ts'
import type { RateLimits } from './rate-limits.ts'
import type { ContentCache } from './content-cache.ts'
import type { ListedItems } from './listed-items.ts'
import type { ContentSchemas } from './content-schemas.ts'
import type { TokenVerifier } from './token-verifier.ts'
import type { QueueDashboard } from './queue-dashboard.ts'
import type { VerdictWaiter } from './verdict-waiter.ts'
import type { SubscriberConfig } from '@keepr/shared/schemas/subscriber-config'
import type { SettingsOf } from '@keepr/shared/runtime/settings'

export type Settings = SettingsOf<'api'>

/** All that a request needs, built once by createContext (create-context.ts) and in tests by hand. */
export type Context = {
  settings: Settings
  log: Log
  metrics: ApiMetrics
  db: Db
  /** A replica for reads that may lag, or the same database. */
  readDb: Db
  /** The configured artifact types as they are now: the file may be reloaded. */
  types: () => ReadonlyMap<string, TypeConfig>
  /** The configured subscribers of webhooks as they are now. */
  subscribers: () => readonly SubscriberConfig[]
  tokens: TokenVerifier
  /** Tells the relay that a transaction may have written a message. */
  nudge: () => void
  /** The same of a submission: a message that was written leased is handed to the queue. */
  submitted: (leased: LeasedMessage | undefined) => void
  /** For how long a transaction may lease the message that it writes; undefined where no queue would take it at once. */
  leaseMs: () => number | undefined
  verdicts: VerdictWaiter
  accessLog: AccessLog
  accessFlushes: AccessFlushes
  rateLimits: RateLimits
  contentSchemas: ContentSchemas
  contentCache: ContentCache
  listedItems: ListedItems
  uploads: Uploads
  /** Of bodies on their way in, up to 1 MiB. */
  bodyRoom: Room
  /** Of larger ones. */
  uploadRoom: Room
  /** Of content that is being loaded. */
  loadRoom: Room
  /** Of pages that live streams and long answers read, and of contents that are compared: many at once leave connections and time to others. */
  streamRoom: Room
  /** A client that takes nothing of a large answer or a live stream for so long is cut off: it holds the memory. */
  stalledMs: number
  eventStreams: EventStreams
  /** Whether messages can be handed to the queue; while it is away, submissions are taken all the same. */
  queueIsUp: () => boolean
  /** Only where it is enabled. */
  queueDashboard?: QueueDashboard | undefined
  /** Aborted when the process ends: live streams end then. */
  closing: AbortSignal
}
