import { randomUUIDv7 } from 'node:crypto'
import { type Claim, claimNames } from '@keepr/db/names/claim-names'
import { findVersioning } from '@keepr/db/names/find-versioning'
import {
  eventsOf,
  findStorable,
  isVersionUsed,
  type NewSubmission,
  type StoredSubmission,
  storeSubmissions,
} from '@keepr/db/submissions/store-submissions'
import type { Commit, Tx } from '@keepr/db/transaction'
import type { StoryOfMany } from '@keepr/db/write-together'
import type { LedgerEntry } from '@keepr/db/versions/ledger-entry'
import { maySee } from '@keepr/shared/domain/access'
import type { Actor } from '@keepr/shared/domain/actor'
import { type Versioning, VERSIONINGS } from '@keepr/shared/domain/version'
import { type Problem, problem } from '@keepr/shared/problem'
import { deadlineMsOf } from '@keepr/shared/schemas/type-config'
import { requirePendingRoom } from './require-pending-room.ts'
import { requireStorage } from './require-storage.ts'
import { subjectOf } from './subject-of.ts'
import { type Asked, fitsVersioning, mayRepeat, misfit, policyOf, type Submitted, versioningFor } from './submission.ts'

/**
 * Stores new versions of one type, each of another name, and hands them to verification, or keeps them as drafts. All that is asked
 * of the database leaves in one flight, its commit with it: what becomes of each submission is decided there (standing.ts).
 * @returns for each what became of it, or why it is refused
 */
export async function submitArtifacts(
  tx: Tx,
  actor: Actor,
  asked: readonly Asked[],
  commit: Commit,
): Promise<(Submitted | Problem)[]> {
  const type = typeOf(asked)
  const planned = asked.map((one) => ({ ...one, new: asNew(actor, one) }))
  const claims: Claim[] = []
  for (const one of planned)
    claims.push({
      name: one.new.name,
      versioning: versioningFor(one.submission, one.rules.config) ?? (await establishedFor(tx, one)),
      events: eventsOf(one.new),
    })
  const claiming = claimNames(tx, { group_id: actor.groupId, type }, claims)
  if (asked.some(hasLimits)) {
    await claiming
    await requireRoom(tx, planned)
  }
  const news = planned.map((one) => one.new)
  const storing = storeSubmissions(tx, news, { leaseMs: asked[0]?.rules.leaseMs })
  commit()
  const [stored] = await Promise.all([storing, claiming]).catch((error: unknown) => {
    throw isVersionUsed(error) ? problem('version-exists', { version: asked[0]?.submission.version }) : error
  })
  return planned.map((one) => {
    const outcome = stored.get(one.new.id)
    if (!outcome) throw new Error(`the submission of ${one.submission.name} has come to nothing`)
    return submittedOf(actor, one, outcome)
  })
}

/** Beyond so many bytes content is stored alone, so that it holds up nothing else. */
const SMALL_BYTES = 64 * 1024

/** What one user submits at once is stored together. */
export const submissions: StoryOfMany<Asked, Submitted> = {
  run: submitArtifacts,
  sharedBy: ({ submission: { type, content_size, run_id } }) =>
    JSON.stringify(content_size > SMALL_BYTES ? [type, run_id] : [type]),
  apartBy: ({ submission: { name } }) => name,
}

function typeOf([first, ...others]: readonly Asked[]): string {
  const type = first?.submission.type
  if (type === undefined || others.some(({ submission }) => submission.type !== type))
    throw new Error('submissions of one transaction have one type')
  return type
}

type Planned = Asked & { new: NewSubmission }

/** What a name has holds also when its type is configured otherwise by now. */
async function establishedFor(tx: Tx, { new: made, submission, rules }: Planned): Promise<Versioning> {
  const established = await findVersioning(tx, made)
  if (established === undefined) throw misfit(submission, rules.config.versioning)
  return established
}

function asNew(actor: Actor, { submission, rules, cause }: Asked): NewSubmission {
  const { config } = rules
  const { version, bump, metadata, usage_policy } = submission
  return {
    id: randomUUIDv7(),
    group_id: actor.groupId,
    type: submission.type,
    name: submission.name,
    status: submission.draft ? 'draft' : 'on_verification',
    usage_policy: policyOf(submission, rules),
    created_by: actor.userId,
    content_kind: submission.content_kind,
    content_type: submission.content_type,
    content_size: submission.content_size,
    content_hash: submission.content_hash,
    content: submission.content,
    asked: { version, bump, metadata, usage_policy },
    fits: VERSIONINGS.filter((versioning) => fitsVersioning(submission, config, versioning)),
    repeatable: mayRepeat(submission, config),
    cause,
    run: submission.draft
      ? undefined
      : {
          id: submission.run_id,
          requires_validation: config.requires_validation,
          deadlineMs: deadlineMsOf(config),
          awaited: submission.awaited,
        },
  }
}

const hasLimits = ({ rules: { maxPending, maxPendingPerUser, maxStoredBytes, config } }: Asked): boolean =>
  [maxPending, maxPendingPerUser, maxStoredBytes, config.max_pending].some(Number.isFinite)

/** The locks on what waits and on what is stored come after those of the names, as where a draft grows: no two wait for each other. */
async function requireRoom(tx: Tx, planned: readonly Planned[]): Promise<void> {
  const storable = await findStorable(
    tx,
    planned.map((one) => one.new),
  )
  const fresh = planned.filter((one) => storable.has(one.new.id))
  const [first] = fresh
  if (!first) return
  const { rules } = first
  const runs = fresh.filter(({ submission }) => !submission.draft).length
  if (runs > 0) await requirePendingRoom(tx, first.new, rules, runs)
  const bytes = fresh.reduce((sum, { submission }) => sum + submission.content_size, 0)
  await requireStorage(tx, { groupId: first.new.group_id, bytes, maxStoredBytes: rules.maxStoredBytes })
}

function submittedOf(actor: Actor, { submission }: Planned, stored: StoredSubmission): Submitted | Problem {
  switch (stored.outcome) {
    case 'stored': {
      const { artifact, leased, run_deadline } = stored
      const run = run_deadline === null ? {} : { run_state: 'waiting' as const, run_deadline, run_reason: null }
      return { artifact: { ...artifact, ...run }, leased }
    }
    case 'repeated':
      return { repeated: stored.id }
    case 'used':
      return versionExists(actor, stored.prior)
    case 'misfit':
      return misfit(submission, stored.versioning)
    case 'exhausted':
      return problem('versions-exhausted')
  }
}

function versionExists(actor: Actor, used: LedgerEntry): Problem {
  const visible = maySee(actor, subjectOf(used))
  return problem('version-exists', {
    detail: `Version ${used.version} of ${used.name} (${used.type}) has been used already.`,
    version: used.version,
    ...(visible ? { id: used.artifact_id, content_hash: used.content_hash } : {}),
  })
}
