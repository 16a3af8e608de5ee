import type { SubscriberConfig } from '../schemas/subscriber-config.ts'
import type { WebhookPayload } from '../schemas/webhook.ts'

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
