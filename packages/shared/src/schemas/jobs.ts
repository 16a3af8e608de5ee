import * as v from 'valibot'

/** What a job of the queue carries: ids, never content, never secrets. */
export const QueueMessage = v.object({
  message_id: v.pipe(v.string(), v.uuid()),
  generation: v.number(),
  group_id: v.string(),
  /** Artifact type or subscriber: what the message is about, before anything is read. */
  lane: v.optional(v.string()),
  refs: v.array(v.pipe(v.string(), v.uuid())),
  traceparent: v.optional(v.string()),
})
export type QueueMessage = v.InferOutput<typeof QueueMessage>
