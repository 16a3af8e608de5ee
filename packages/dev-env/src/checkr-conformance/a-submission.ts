import { createHash, randomUUIDv7 } from 'node:crypto'
import type { OpenRun } from '@keepr/db/validation-runs/claim-runs'
import type { Target } from './target.ts'

const EXAMPLES = { json: '{"greeting":"hello"}', text: 'print("hello")\n', binary: 'hello' } as const
const DAY_MS = 86_400_000

/** A run as the worker would have loaded it. */
export function aSubmission({ type, kind, content = Buffer.from(EXAMPLES[kind]) }: Target): OpenRun {
  return {
    id: randomUUIDv7(),
    group_id: 'conformance',
    artifact_id: randomUUIDv7(),
    artifact_type: type,
    content_hash: createHash('sha256').update(content).digest('hex'),
    kind: 'submission',
    requires_validation: true,
    awaited: false,
    recheck_id: null,
    simulate: false,
    attempts: 0,
    reason: null,
    poll_url: null,
    poll_failures: 0,
    traceparent: null,
    created_at: new Date().toISOString(),
    left_ms: DAY_MS,
    name: 'conformance-example',
    version: '1',
    content_kind: kind,
    content_size: content.length,
    metadata: { tags: ['example'] },
    content,
  }
}
