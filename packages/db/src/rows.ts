import type { UsagePolicy } from '@keepr/shared/domain/access'
import type { EventType, OperationalEventType } from '@keepr/shared/domain/events'
import type { ArchiveReason, Status } from '@keepr/shared/domain/lifecycle'
import type { Json } from '@keepr/shared/domain/merge-patch'
import type { RunState } from '@keepr/shared/domain/run-state'
import type { DeliveryState, SubscriberState } from '@keepr/shared/domain/webhooks'

export type {
  ArchiveReason,
  DeliveryState,
  EventType,
  Json,
  OperationalEventType,
  RunState,
  SubscriberState,
  UsagePolicy,
}

/** JSON as PostgreSQL stores and gives it. */
export type JsonObject = { [key: string]: Json }
/** RFC 3339 with microseconds, UTC. */
export type Timestamp = string

export type ContentKind = 'json' | 'text' | 'binary'

/** What an artifact is without its content: what lists, status polls and 304s read. */
export type ArtifactRow = {
  id: string
  group_id: string
  type: string
  name: string
  version: string
  is_prerelease: boolean
  status: Status
  usage_policy: UsagePolicy
  created_by: string
  content_kind: ContentKind
  content_type: string
  content_size: number
  content_hash: string
  metadata: JsonObject
  validation_run_id: string | null
  blocked_reason: string | null
  revision: number
  created_at: Timestamp
  updated_at: Timestamp
  published_at: Timestamp | null
  last_accessed_at: Timestamp | null
  purged_at: Timestamp | null
}

export type NameRow = {
  group_id: string
  type: string
  name: string
  versioning: 'integer' | 'semver'
  last_sequence: number
}

export type EventRow = {
  id: string
  group_id: string
  artifact_id: string
  type: string
  name: string
  version: string
  sequence: number
  event_type: EventType
  event_data: JsonObject
  actor: string
  request_id: string | null
  status: Status
  usage_policy: UsagePolicy
  content_hash: string
  created_by: string
  was_published: boolean
  created_at: Timestamp
}

export type RunKind = 'submission' | 'revalidation' | 'recheck'

export type ValidationRunRow = {
  id: string
  group_id: string
  artifact_id: string
  artifact_type: string
  content_hash: string
  kind: RunKind
  state: RunState
  requires_validation: boolean
  awaited: boolean
  recheck_id: string | null
  simulate: boolean
  attempts: number
  reason: string | null
  findings: JsonObject[]
  report_url: string | null
  poll_url: string | null
  /** How often asking at `poll_url` has failed in a row. */
  poll_failures: number
  traceparent: string | null
  created_at: Timestamp
  deadline: Timestamp
  checked_at: Timestamp | null
}

export type TryOutcome = 'passed' | 'failed' | 'error' | 'pending'

export type MessageKind = 'validate_run' | 'fan_out_events' | 'deliver_webhook'
/** Of one run or one delivery each, which has no other message. */
export type SingleKind = Exclude<MessageKind, 'fan_out_events'>
export type OutboxRow = {
  id: string
  kind: MessageKind
  lane: string
  group_id: string
  refs: string[]
  due_at: Timestamp
  generation: number
  failures: number
  traceparent: string | null
}
/** What the queue is told of a message. */
export type LeasedMessage = Omit<OutboxRow, 'due_at' | 'failures'>

export type DeliveryRow = {
  id: string
  group_id: string
  event_id: string | null
  event_type: string
  subscriber: string
  webhook_id: string
  /** The exact text that is signed. */
  payload: string
  state: DeliveryState
  attempts: number
  next_attempt_at: Timestamp | null
  delivered_at: Timestamp | null
  traceparent: string | null
  created_at: Timestamp
}

export type AttemptRow = {
  id: string
  group_id: string
  delivery_id: string
  at: Timestamp
  duration_ms: number
  status: number | null
  error: string | null
  response_head: string | null
}

export type SubscriberRow = {
  name: string
  state: SubscriberState
  reason: string | null
  failing_since: Timestamp | null
  probe_at: Timestamp | null
  changed_at: Timestamp
}

export type OperationalEventRow = {
  id: string
  event_type: OperationalEventType
  subject: string
  actor: string
  event_data: JsonObject
  created_at: Timestamp
}

export type RecheckRow = {
  id: string
  artifact_type: string
  simulate: boolean
  state: 'running' | 'paused' | 'done'
  requested_by: string
  cursor: string | null
  total: number
  started: number
  passed: number
  failed: number
  unavailable: number
  skipped: number
  created_at: Timestamp
  finished_at: Timestamp | null
}
