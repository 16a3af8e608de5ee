import type { ArtifactRow, JsonObject, UsagePolicy } from '@keepr/db/rows'
import { widens } from '@keepr/shared/domain/access'
import { problem } from '@keepr/shared/problem'
import { metadataOffences } from '../commands/check-metadata.ts'
import type { Call } from './api.ts'
import { requireRight } from '../commands/require-right.ts'

/** Whether the caller may give an artifact this metadata and this policy: sizes, `allow_public`, who may widen. */
export function requireNotes(
  c: Call,
  artifact: ArtifactRow,
  { metadata, usage_policy }: { metadata: JsonObject; usage_policy: UsagePolicy },
): void {
  const { settings, types } = c.get('ctx')
  const errors = metadataOffences(metadata, settings)
  const opens = usage_policy === 'public' && artifact.usage_policy !== 'public'
  if (opens && types().get(artifact.type)?.allow_public !== true) {
    errors.push({ pointer: '/usage_policy', detail: 'may not be public for this type' })
  }
  if (errors.length > 0) throw problem('validation-error', { errors })
  if (artifact.usage_policy === usage_policy) return
  const operation = widens(artifact.usage_policy, usage_policy) ? 'widen_policy' : 'narrow_policy'
  requireRight(c.get('actor'), operation, artifact)
}
