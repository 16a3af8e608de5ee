import type { Tx } from '../transaction.ts'

/** The columns that an artifact takes along between artifact_active and artifact_history; its id, status and last access aside. */
export const movedColumns = (tx: Tx) => tx`
  group_id, type, name, version, usage_policy, created_by, content_kind, content_type, content_size, content_hash, content,
  json_content, metadata, validation_run_id, blocked_reason, duplicate_of, created_at, published_at,
  purged_at`
