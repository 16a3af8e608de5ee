/** What can happen to an artifact, each told by an event. */
export const EVENT_TYPES = [
  'created',
  'submitted',
  'draft_updated',
  'discarded',
  'published',
  'blocked',
  'rollback',
  'restored',
  'archived',
  'metadata_updated',
  'policy_updated',
  'revalidation_requested',
  'verification_held',
  'recheck_failed',
  'cancelled',
  'purged',
] as const
export type EventType = (typeof EVENT_TYPES)[number]

/** What can happen to the installation and to no artifact. */
export const OPERATIONAL_EVENT_TYPES = [
  'subscriber_paused',
  'subscriber_probed',
  'subscriber_resumed',
  'subscriber_disabled',
  'deliveries_missed',
  'subscriber_replayed',
  'subscriber_tested',
] as const
export type OperationalEventType = (typeof OPERATIONAL_EVENT_TYPES)[number]
