import type { EventType } from '../domain/events.ts'
import type { WebhookPayload } from '../schemas/webhook.ts'
import { payloadOf } from './payload-of.ts'

const HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' // of nothing
const RELEASE = { version: '2', status: 'published' }

/** How the artifact of a sample stands after the event; published unless it is told. */
const statusAfter: Partial<Record<EventType, string>> = {
  created: 'draft',
  draft_updated: 'draft',
  discarded: 'draft',
  submitted: 'on_verification',
  revalidation_requested: 'on_verification',
  verification_held: 'on_verification',
  blocked: 'blocked',
  cancelled: 'blocked',
  rollback: 'archived',
  archived: 'archived',
  purged: 'archived',
}

/** What each kind of event tells besides the artifact. */
const dataOf: Partial<Record<EventType, Record<string, unknown>>> = {
  blocked: { reason: 'validation_failed', findings: [{ severity: 'error', code: 'sample.finding', path: '/content' }] },
  cancelled: { reason: 'cancelled' },
  archived: { reason: 'archived' },
  rollback: {
    reason: 'a sample',
    withdrawn: [{ id: '00000000-0000-7000-8000-000000000002', version: '2', content_hash: HASH }],
    restored: { id: '00000000-0000-7000-8000-000000000001', version: '1', content_hash: HASH },
  },
  metadata_updated: { before: { tags: [] }, after: { tags: ['sample'] } },
  policy_updated: { before: 'internal_only', after: 'public' },
}

/** An event that did not happen, marked as a test: what an operator lets a subscriber try itself on. */
export function samplePayload(
  event_type: EventType,
  { event_id, group_id, actor, at }: { event_id: string; group_id: string; actor: string; at: Date },
): WebhookPayload {
  const { type, timestamp, data } = payloadOf({
    ...RELEASE,
    id: event_id,
    group_id,
    artifact_id: '00000000-0000-7000-8000-000000000002',
    type: 'prompt',
    name: 'sample',
    sequence: 1,
    event_type,
    event_data: dataOf[event_type] ?? {},
    actor,
    status: statusAfter[event_type] ?? RELEASE.status,
    usage_policy: 'internal_only',
    content_hash: HASH,
    metadata: { tags: ['sample'] },
    created_at: at.toISOString(),
  })
  return { type, timestamp, data: { ...data, test: true } }
}
