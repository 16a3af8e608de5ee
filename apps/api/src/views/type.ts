import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import { contentLimit } from '../content-limit.ts'
import type { Settings } from '../context.ts'

/** A type as its users may know it. */
export const viewType = (name: string, type: TypeConfig, settings: Settings) => ({
  type: name,
  content: type.content,
  content_types: type.content_types ?? null,
  versioning: type.versioning,
  requires_validation: type.requires_validation,
  max_bytes: contentLimit(type, settings),
  json_schema: type.json_schema ?? null,
  default_usage_policy: type.default_usage_policy,
  allow_public: type.allow_public,
  dedup: type.dedup,
  max_published: type.max_published ?? null,
  ttl_ms: type.ttl,
})
