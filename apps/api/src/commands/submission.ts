import { canonicalBytes } from '@keepr/shared/domain/content-hash'
import { type Bump, chooseVersioning, type Versioning } from '@keepr/shared/domain/version'
import type { Cause } from '@keepr/db/events/append-events'
import type { Standing } from '@keepr/db/names/find-standing'
import type { PresentedArtifact } from '@keepr/db/artifacts/present-artifact'
import type { ArtifactRow, JsonObject, LeasedMessage, UsagePolicy } from '@keepr/db/rows'
import { problem } from '@keepr/shared/problem'
import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import type { PreparedContent } from './prepare-content.ts'

export type Submission = PreparedContent & {
  name: string
  type: string
  version: string | undefined
  bump: Bump | undefined
  metadata: JsonObject | undefined
  usage_policy: UsagePolicy | undefined
  draft: boolean
  run_id: string
  awaited: boolean
}

export type SubmitRules = {
  config: TypeConfig
  maxPending: number
  maxPendingPerUser: number
  maxStoredBytes: number
  /** For how long the message of its run may be leased, to be handed over after the commit; left out, the relay does both. */
  leaseMs?: number | undefined
}
/** The artifact, with the run that was opened for it. */
export type Submitted = {
  artifact: ArtifactRow & Partial<PresentedArtifact>
  deduplicated: boolean
  leased?: LeasedMessage | undefined
}

/** What one request asks to be stored, by which rules. */
export type Asked = { submission: Submission; rules: SubmitRules; cause: Cause }

export const policyOf = ({ usage_policy }: Submission, { config }: SubmitRules): UsagePolicy =>
  usage_policy ?? config.default_usage_policy

/** Nothing that asks for a number, and no draft, is a repetition of the latest version. */
export const mayRepeat = ({ draft, version, bump }: Submission, config: TypeConfig): boolean =>
  config.dedup !== 'off' && !draft && version === undefined && !bump

export const isSame = (
  { content_hash, content_type, metadata, usage_policy }: Submission,
  latest: NonNullable<Standing['latest']>,
): boolean =>
  latest.purged_at === null &&
  latest.content_hash === content_hash &&
  latest.content_type === content_type &&
  (metadata === undefined || canonicalBytes(metadata).equals(canonicalBytes(latest.metadata))) &&
  (usage_policy === undefined || usage_policy === latest.usage_policy)

export function versioningFor(
  { version, bump }: Submission,
  config: TypeConfig,
  established: Versioning | undefined,
): Versioning {
  const versioning = chooseVersioning({ configured: config.versioning, established, version, bump })
  if (versioning) return versioning
  const expected = established ?? config.versioning
  throw problem('validation-error', {
    errors: [
      {
        pointer: version === undefined ? '/bump' : '/version',
        detail: `does not fit: this name has ${expected} versions`,
      },
    ],
  })
}
