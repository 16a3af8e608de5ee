import type { Tx } from '../transaction.ts'

/** Everything of an artifact but its content (see ArtifactRow). */
export const artifactColumns = (tx: Tx) => tx`
  id, group_id, type, name, version, is_prerelease, status, usage_policy, created_by, content_kind, content_type,
  content_size, content_hash, metadata, validation_run_id, blocked_reason, revision, created_at, updated_at,
  published_at, last_accessed_at, purged_at`
