import { randomUUIDv7 } from 'node:crypto'
import { findDuplicate } from '@keepr/db/artifacts/find-duplicate'
import { findLatest } from '@keepr/db/artifacts/find-latest'
import { findOwnLatest } from '@keepr/db/artifacts/find-own-latest'
import { insertArtifact } from '@keepr/db/artifacts/insert-artifact'
import type { PresentedArtifact } from '@keepr/db/artifacts/present-artifact'
import { appendEvents, type Cause } from '@keepr/db/events/append-events'
import { claimName } from '@keepr/db/names/claim-name'
import { lockName } from '@keepr/db/names/lock-name'
import type { ArtifactRow, JsonObject, UsagePolicy } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import { insertRun } from '@keepr/db/validation-runs/insert-run'
import { findUsedVersion } from '@keepr/db/versions/find-used-version'
import { highestVersion } from '@keepr/db/versions/highest-version'
import { insertVersion, type LedgerEntry } from '@keepr/db/versions/insert-version'
import { maySee } from '@keepr/shared/domain/access'
import type { Actor } from '@keepr/shared/domain/actor'
import { canonicalBytes } from '@keepr/shared/domain/content-hash'
import { type Bump, chooseVersioning, nextVersion, type Versioning } from '@keepr/shared/domain/version'
import { type Problem, problem } from '@keepr/shared/problem'
import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import type { PreparedContent } from './prepare-content.ts'
import { requirePendingRoom } from './require-pending-room.ts'
import { requireStorage } from './require-storage.ts'

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
}
/** The artifact, with the run that was opened for it. */
export type Submitted = { artifact: ArtifactRow & Partial<PresentedArtifact>; deduplicated: boolean }

const defaultDeadlineMs = 24 * 3_600_000

/** Stores a new version and hands it to verification, or keeps it as a draft. One transaction: all or nothing. */
export async function submitArtifact(
  tx: Tx,
  actor: Actor,
  submission: Submission,
  { rules, cause }: { rules: SubmitRules; cause: Cause },
): Promise<Submitted> {
  const coordinates = { group_id: actor.groupId, type: submission.type, name: submission.name }
  const usage_policy = submission.usage_policy ?? rules.config.default_usage_policy
  const events = submission.draft ? 1 : 2
  // One flight: the connection keeps the order, so all that follows the name's lock sees what it protects.
  const [name, latest, used, highest, duplicate_of] = await Promise.all([
    claimName(tx, coordinates, versioningFor(submission, rules.config, undefined), events),
    mayRepeat(submission, rules.config)
      ? findOwnLatest(tx, actor.groupId, [{ ...coordinates, withContent: false }])
      : [],
    submission.version === undefined ? undefined : findUsedVersion(tx, { ...coordinates, version: submission.version }),
    submission.version === undefined ? highestVersion(tx, coordinates) : undefined,
    findDuplicate(tx, {
      ...coordinates,
      content_hash: submission.content_hash,
      restricted: usage_policy === 'restricted',
    }),
  ])
  if (latest[0] && isSame(submission, latest[0])) {
    // Nothing happens, so the numbers that were taken for its events go back.
    const [, [same]] = await Promise.all([
      lockName(tx, coordinates, -events),
      findLatest(tx, { ...coordinates, foreign: false, withContent: false }),
    ])
    if (same) return { artifact: same, deduplicated: true }
  }
  if (!submission.draft) await requirePendingRoom(tx, coordinates, rules)
  // The locks on what waits and on what is stored come after that of the name, as where a draft grows: no two wait for each other.
  const { maxStoredBytes } = rules
  await requireStorage(tx, { groupId: actor.groupId, bytes: submission.content_size, maxStoredBytes })
  if (used) throw versionExists(actor, used)
  const versioning = versioningFor(submission, rules.config, name.versioning)
  const version = submission.version ?? nextVersion(versioning, highest, submission.bump)
  if (version === undefined) throw problem('versions-exhausted')

  const id = randomUUIDv7()
  const subject = {
    ...coordinates,
    id,
    version,
    status: submission.draft ? ('draft' as const) : ('on_verification' as const),
    usage_policy,
    content_hash: submission.content_hash,
    created_by: actor.userId,
    published_at: null,
  }
  const [taken, artifact, run] = await Promise.all([
    insertVersion(tx, { ...subject, artifact_id: id }),
    insertArtifact(tx, {
      ...subject,
      content_kind: submission.content_kind,
      content_type: submission.content_type,
      content_size: submission.content_size,
      content: submission.content,
      metadata: submission.metadata ?? {},
      validation_run_id: submission.draft ? null : submission.run_id,
      duplicate_of: duplicate_of ?? null,
    }),
    submission.draft ? undefined : openRun(tx, actor, submission, { config: rules.config, cause, artifactId: id }),
    appendEvents(tx, cause, name.last_sequence, [
      { artifact: subject, event_type: 'created' },
      ...(submission.draft ? [] : [{ artifact: subject, event_type: 'submitted' as const }]),
    ]),
  ])
  if (!taken) throw problem('version-exists', { version }) // by somebody who did not lock the name
  return { artifact: { ...artifact, ...run }, deduplicated: false }
}

/** Nothing that asks for a number, and no draft, is a repetition of the latest version. */
const mayRepeat = ({ draft, version, bump }: Submission, config: TypeConfig): boolean =>
  config.dedup !== 'off' && !draft && version === undefined && !bump

const isSame = ({ content_hash, content_type, metadata, usage_policy }: Submission, latest: ArtifactRow): boolean =>
  latest.purged_at === null &&
  latest.content_hash === content_hash &&
  latest.content_type === content_type &&
  (metadata === undefined || canonicalBytes(metadata).equals(canonicalBytes(latest.metadata))) &&
  (usage_policy === undefined || usage_policy === latest.usage_policy)

function versioningFor(
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

function versionExists(actor: Actor, used: LedgerEntry): Problem {
  const visible = maySee(actor, {
    groupId: used.group_id,
    createdBy: used.created_by,
    status: used.status,
    usagePolicy: used.usage_policy,
  })
  return problem('version-exists', {
    detail: `Version ${used.version} of ${used.name} (${used.type}) has been used already.`,
    version: used.version,
    ...(visible ? { id: used.artifact_id, content_hash: used.content_hash } : {}),
  })
}

async function openRun(
  tx: Tx,
  actor: Actor,
  submission: Submission,
  { config, cause, artifactId }: { config: TypeConfig; cause: Cause; artifactId: string },
): Promise<Pick<PresentedArtifact, 'run_state' | 'run_deadline' | 'run_reason'>> {
  const run_deadline = await insertRun(tx, {
    id: submission.run_id,
    group_id: actor.groupId,
    artifact_id: artifactId,
    artifact_type: submission.type,
    content_hash: submission.content_hash,
    kind: 'submission',
    requires_validation: config.requires_validation,
    deadlineMs: config.validator?.deadline ?? defaultDeadlineMs,
    awaited: submission.awaited,
    traceparent: cause.traceparent,
  })
  return { run_state: 'waiting', run_deadline, run_reason: null }
}
