import type { WebhookPayload } from '../schemas/webhook.ts'

/** An event with what is told of its artifact. */
export type AnnouncedEvent = {
  id: string
  group_id: string
  artifact_id: string
  type: string
  name: string
  version: string
  sequence: number
  event_type: string
  event_data: Readonly<Record<string, unknown>>
  actor: string
  status: string
  usage_policy: string
  content_hash: string
  metadata: Readonly<Record<string, unknown>>
  created_at: string
}

/** What subscribers and the feed tell of an event: never content. */
export function payloadOf(event: AnnouncedEvent): WebhookPayload {
  const { reason, findings, part_of, before, after } = event.event_data
  // SAFETY: the rollback wrote them so.
  const { withdrawn, restored } = event.event_data as Pick<WebhookPayload['data'], 'withdrawn' | 'restored'>
  return {
    type: `artifact.${event.event_type}`,
    timestamp: event.created_at,
    data: {
      event_id: event.id,
      sequence: event.sequence,
      group_id: event.group_id,
      artifact: {
        id: event.artifact_id,
        name: event.name,
        type: event.type,
        version: event.version,
        status: event.status,
        usage_policy: event.usage_policy,
        content_hash: event.content_hash,
        metadata: event.metadata,
      },
      actor: event.actor,
      ...(typeof reason === 'string' ? { reason } : {}),
      ...(Array.isArray(findings) ? { findings: findings.map(shortFinding) } : {}),
      ...(withdrawn === undefined ? {} : { withdrawn }),
      ...(restored === undefined ? {} : { restored }),
      ...(typeof part_of === 'string' ? { part_of } : {}),
      ...(after === undefined ? {} : { changes: { before, after } }),
    },
  }
}

function shortFinding(finding: unknown): { severity: string; code: string; path?: string } {
  const { severity, code, path } = Object(finding)
  return { severity: String(severity), code: String(code), ...(typeof path === 'string' ? { path } : {}) }
}
