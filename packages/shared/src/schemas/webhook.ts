import * as v from 'valibot'
import { Integer } from './integer.ts'

const time = v.pipe(v.string(), v.metadata({ format: 'date-time' }))
const Finding = v.object({ severity: v.string(), code: v.string(), path: v.optional(v.string()) })

const Moved = v.object({ id: v.string(), version: v.string(), content_hash: v.string() })

/** What subscribers receive and what `GET /events` tells: one shape, so that a consumer needs one parser. Never content. */
export const WebhookPayload = v.pipe(
  v.object({
    /** `artifact.` and the event's name. */
    type: v.string(),
    /** When it happened. */
    timestamp: time,
    data: v.object({
      event_id: v.string(),
      /** Gapless per group, type and name: a consumer orders by it. */
      sequence: Integer,
      group_id: v.string(),
      artifact: v.object({
        id: v.string(),
        name: v.string(),
        type: v.string(),
        version: v.string(),
        status: v.string(),
        usage_policy: v.string(),
        content_hash: v.string(),
        metadata: v.record(v.string(), v.unknown()),
      }),
      actor: v.string(),
      reason: v.optional(v.string()),
      findings: v.optional(v.array(Finding)),
      /** Of a rollback: all that moved, and what is latest now. */
      withdrawn: v.optional(v.array(Moved)),
      restored: v.optional(Moved),
      /** Of a version that a rollback withdrew besides its own: the event that tells the story. Only in the feed. */
      part_of: v.optional(v.string()),
      /** Of changed metadata or a changed policy: before and after. */
      changes: v.optional(v.object({ before: v.unknown(), after: v.unknown() })),
      /** Nothing happened: an operator asked for a sample. */
      test: v.optional(v.literal(true)),
    }),
  }),
  v.metadata({ ref: 'WebhookPayload' }),
)
export type WebhookPayload = v.InferOutput<typeof WebhookPayload>
