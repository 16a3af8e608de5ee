import { type Bump, chooseVersioning, type Versioning } from '@keepr/shared/domain/version'
import type { Cause } from '@keepr/db/events/append-events'
import type { PresentedArtifact } from '@keepr/db/artifacts/present-artifact'
import type { ArtifactRow, JsonObject, LeasedMessage, UsagePolicy } from '@keepr/db/rows'
import { type Problem, problem } from '@keepr/shared/problem'
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
/** The artifact, with the run that was opened for it; or the id of the latest version, which is the same already. */
export type Submitted =
  | { artifact: ArtifactRow & Partial<PresentedArtifact>; leased: LeasedMessage | undefined; repeated?: undefined }
  | { repeated: string }

/** What one request asks to be stored, by which rules. */
export type Asked = { submission: Submission; rules: SubmitRules; cause: Cause }

export const policyOf = ({ usage_policy }: Submission, { config }: SubmitRules): UsagePolicy =>
  usage_policy ?? config.default_usage_policy

/** Nothing that asks for a number, and no draft, is a repetition of the latest version. */
export const mayRepeat = ({ draft, version, bump }: Submission, config: TypeConfig): boolean =>
  config.dedup !== 'off' && !draft && version === undefined && !bump

/** The kind of versions that a name gets which is new; undefined when its type has another. */
export const versioningFor = (
  { version, bump }: Submission,
  { versioning: configured }: TypeConfig,
): Versioning | undefined => chooseVersioning({ configured, established: undefined, version, bump })

/** Whether a name that has versions of this kind may get this one. */
export const fitsVersioning = (
  { version, bump }: Submission,
  { versioning: configured }: TypeConfig,
  established: Versioning,
): boolean => chooseVersioning({ configured, established, version, bump }) !== undefined

export const misfit = ({ version }: Submission, expected: TypeConfig['versioning']): Problem =>
  problem('validation-error', {
    errors: [
      {
        pointer: version === undefined ? '/bump' : '/version',
        detail: `does not fit: versions of this name are ${expected}`,
      },
    ],
  })
