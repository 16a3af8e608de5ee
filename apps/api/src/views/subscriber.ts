import type { SubscriberRow } from '@keepr/db/rows'
import type { SubscriberConfig } from '@keepr/shared/schemas/subscriber-config'

/** A configured subscriber and how it does: no URL, no secret. */
export const viewSubscriber = (
  { name, events, format }: Pick<SubscriberConfig, 'name' | 'events' | 'format'>,
  row: SubscriberRow | undefined,
) => ({
  name,
  events,
  format,
  state: row?.state ?? ('active' as const),
  reason: row?.reason ?? null,
  failing_since: row?.failing_since ?? null,
  probe_at: row?.probe_at ?? null,
})
