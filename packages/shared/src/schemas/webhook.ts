/** What subscribers receive and what `GET /events` tells: never content. */
export type WebhookPayload = {
  type: `artifact.${string}`
  /** When it happened; RFC 3339. */
  timestamp: string
  data: {
    event_id: string
    /** Gapless per group, type and name: a consumer orders by it. */
    sequence: number
    group_id: string
    artifact: {
      id: string
      name: string
      type: string
      version: string
      status: string
      usage_policy: string
      content_hash: string
      metadata: unknown
    }
    actor: string
    reason?: string
    findings?: { severity: string; code: string; path?: string }[]
    /** Of a rollback: all that moved, and what is latest now. */
    withdrawn?: unknown
    restored?: unknown
    changes?: unknown
    test?: true
  }
}
