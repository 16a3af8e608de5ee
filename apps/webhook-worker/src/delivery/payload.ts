import type { AnnouncedEvent } from '@keepr/db/events/list-events-to-announce'
import type { SubscriberConfig } from '@keepr/shared/schemas/subscriber-config'
import type { WebhookPayload } from '@keepr/shared/schemas/webhook'

/** What subscribers and the feed tell of an event: never content. */
export function payloadOf(event: AnnouncedEvent): WebhookPayload {
  const { reason, findings, withdrawn, restored, changes } = event.event_data
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
      ...(changes === undefined ? {} : { changes }),
    },
  }
}

/** The exact text that is signed and sent, in the subscriber's format (Standard Webhooks, or CloudEvents 1.0 around it). */
export function bodyOf(payload: WebhookPayload, { format }: Pick<SubscriberConfig, 'format'>): string {
  if (format === 'standard') return JSON.stringify(payload)
  return JSON.stringify({
    specversion: '1.0',
    id: payload.data.event_id,
    source: '/keepr',
    type: payload.type,
    subject: payload.data.artifact.id,
    time: payload.timestamp,
    datacontenttype: 'application/json',
    data: payload.data,
  })
}

function shortFinding(finding: unknown): { severity: string; code: string; path?: string } {
  const { severity, code, path } = Object(finding)
  return { severity: String(severity), code: String(code), ...(typeof path === 'string' ? { path } : {}) }
}
