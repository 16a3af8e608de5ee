import { randomUUIDv7 } from 'node:crypto'
import { findDuplicate } from '@keepr/db/artifacts/find-duplicate'
import { findLatest } from '@keepr/db/artifacts/find-latest'
import { insertArtifact } from '@keepr/db/artifacts/insert-artifact'
import type { PresentedArtifact } from '@keepr/db/artifacts/present-artifact'
import { sumStoredBytes } from '@keepr/db/artifacts/sum-stored-bytes'
import { appendEvents, type Cause } from '@keepr/db/events/append-events'
import { claimName } from '@keepr/db/names/claim-name'
import type { ArtifactRow, JsonObject, UsagePolicy } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import { insertRun } from '@keepr/db/validation-runs/insert-run'
import { findUsedVersion } from '@keepr/db/versions/find-used-version'
import { highestVersion } from '@keepr/db/versions/highest-version'
import { insertVersion } from '@keepr/db/versions/insert-version'
import { maySee } from '@keepr/shared/domain/access'
import type { Actor } from '@keepr/shared/domain/actor'
import { canonicalBytes } from '@keepr/shared/domain/content-hash'
import { type Bump, chooseVersioning, nextVersion, type Versioning } from '@keepr/shared/domain/version'
import { problem } from '@keepr/shared/problem'
import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import type { PreparedContent } from './prepare-content.ts'
import { requirePendingRoom } from './require-pending-room.ts'

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

export type SubmitRules = { config: TypeConfig; maxPending: number; maxStoredBytes: number }
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
  const same = await findSameLatest(tx, actor, submission, rules.config)
  if (same) return { artifact: same, deduplicated: true }
  await requireRoom(tx, actor, submission, rules)

  const coordinates = { group_id: actor.groupId, type: submission.type, name: submission.name }
  const events = submission.draft ? 1 : 2
  const name = await claimName(tx, coordinates, versioningFor(submission, rules.config, undefined), events)
  versioningFor(submission, rules.config, name.versioning)

  const usage_policy = submission.usage_policy ?? rules.config.default_usage_policy
  const taken = await takeVersion(tx, actor, submission, { versioning: name.versioning, usage_policy })
  const duplicate_of = await findDuplicate(tx, {
    ...coordinates,
    content_hash: submission.content_hash,
    restricted: usage_policy === 'restricted',
  })

  const [artifact, run] = await Promise.all([
    insertArtifact(tx, {
      ...coordinates,
      id: taken.id,
      version: taken.version,
      status: submission.draft ? 'draft' : 'on_verification',
      usage_policy,
      created_by: actor.userId,
      content_kind: submission.content_kind,
      content_type: submission.content_type,
      content_size: submission.content_size,
      content_hash: submission.content_hash,
      content: submission.content,
      metadata: submission.metadata ?? {},
      validation_run_id: submission.draft ? null : submission.run_id,
      duplicate_of: duplicate_of ?? null,
    }),
    submission.draft
      ? undefined
      : openRun(tx, actor, submission, { config: rules.config, cause, artifactId: taken.id }),
  ])
  await appendEvents(tx, cause, name.last_sequence, [
    { artifact, event_type: 'created' },
    ...(submission.draft ? [] : [{ artifact, event_type: 'submitted' as const }]),
  ])
  return { artifact: { ...artifact, ...run }, deduplicated: false }
}

/** The latest published version, if this submission would only repeat it. Nothing that asks for a number is a repetition. */
async function findSameLatest(
  tx: Tx,
  actor: Actor,
  submission: Submission,
  config: TypeConfig,
): Promise<PresentedArtifact | undefined> {
  const { name, type, metadata, usage_policy } = submission
  if (config.dedup === 'off' || submission.draft || submission.version !== undefined || submission.bump)
    return undefined
  const [latest] = await findLatest(tx, { group_id: actor.groupId, name, type, foreign: false, withContent: false })
  if (!latest) return undefined
  const same =
    latest.purged_at === null &&
    latest.content_hash === submission.content_hash &&
    latest.content_type === submission.content_type &&
    (metadata === undefined || canonicalBytes(metadata).equals(canonicalBytes(latest.metadata))) &&
    (usage_policy === undefined || usage_policy === latest.usage_policy)
  return same ? latest : undefined
}

async function requireRoom(tx: Tx, actor: Actor, submission: Submission, rules: SubmitRules): Promise<void> {
  if (!submission.draft) await requirePendingRoom(tx, { group_id: actor.groupId, type: submission.type }, rules)
  if (Number.isFinite(rules.maxStoredBytes)) {
    const stored = await sumStoredBytes(tx, actor.groupId)
    if (stored + submission.content_size > rules.maxStoredBytes) throw problem('storage-quota-exceeded')
  }
}

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

/** Under the lock of the name: the version that was asked for, or the next one. */
async function takeVersion(
  tx: Tx,
  actor: Actor,
  submission: Submission,
  { versioning, usage_policy }: { versioning: Versioning; usage_policy: UsagePolicy },
): Promise<{ id: string; version: string }> {
  const coordinates = { group_id: actor.groupId, type: submission.type, name: submission.name }
  const version = submission.version ?? nextVersion(versioning, await highestVersion(tx, coordinates), submission.bump)
  if (version === undefined) throw problem('versions-exhausted')
  const id = randomUUIDv7()
  const inserted = await insertVersion(tx, {
    ...coordinates,
    version,
    artifact_id: id,
    created_by: actor.userId,
    content_hash: submission.content_hash,
    status: submission.draft ? 'draft' : 'on_verification',
    usage_policy,
  })
  if (inserted) return { id, version }
  const used = await findUsedVersion(tx, { ...coordinates, version })
  const visible =
    used &&
    maySee(actor, {
      groupId: used.group_id,
      createdBy: used.created_by,
      status: used.status,
      usagePolicy: used.usage_policy,
    })
  throw problem('version-exists', {
    detail: `Version ${version} of ${submission.name} (${submission.type}) has been used already.`,
    version,
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
