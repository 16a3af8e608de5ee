import { randomUUIDv7 } from 'node:crypto'
import { isVersionUsed, type NewSubmission, storeSubmissions } from '@keepr/db/submissions/store-submissions'
import type { Commit, Tx } from '@keepr/db/transaction'
import type { StoryOfMany } from '@keepr/db/write-together'
import type { LedgerEntry } from '@keepr/db/versions/ledger-entry'
import { maySee } from '@keepr/shared/domain/access'
import type { Actor } from '@keepr/shared/domain/actor'
import { nextVersion } from '@keepr/shared/domain/version'
import { type Problem, problem } from '@keepr/shared/problem'
import { type Claimed, claimForSubmission, giveBackRepeated } from './claim-for-submission.ts'
import { requirePendingRoom } from './require-pending-room.ts'
import { requireStorage } from './require-storage.ts'
import { type Asked, policyOf, type Submitted, versioningFor } from './submission.ts'

const defaultDeadlineMs = 24 * 3_600_000

/**
 * Stores new versions of one type, each of another name, and hands them to verification, or keeps them as drafts. One
 * transaction: all or nothing, so one that is refused has to be asked for without the others.
 */
export async function submitArtifacts(
  tx: Tx,
  actor: Actor,
  asked: readonly Asked[],
  commit: Commit,
): Promise<Submitted[]> {
  const type = typeOf(asked)
  const claimed = await claimForSubmission(tx, { group_id: actor.groupId, type }, asked)
  const repeated = await giveBackRepeated(tx, claimed)
  const fresh = claimed.filter(({ name }) => !repeated.has(name.name))
  const stored = fresh.length === 0 ? [] : await store(tx, actor, fresh, commit)
  const submitted = new Map(stored.map((one) => [one.artifact.name, one]))
  return asked.map(({ submission: { name } }) => {
    const one = repeated.get(name) ?? submitted.get(name)
    if (!one) throw new Error(`the submission of ${name} has come to nothing`)
    return one
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

async function store(tx: Tx, actor: Actor, claimed: readonly Claimed[], commit: Commit): Promise<Submitted[]> {
  await requireRoom(tx, claimed)
  const planned = claimed.map((one) => ({ ...one, subject: subjectOf(actor, one) }))
  const storing = storeSubmissions(tx, planned.map(asNew), { leaseMs: claimed[0]?.rules.leaseMs })
  commit()
  const stored = await storing.catch((error: unknown) => {
    throw isVersionUsed(error) ? problem('version-exists', { version: planned[0]?.subject.version }) : error
  })
  return stored.map(({ leased, run_deadline, ...artifact }) => {
    const run = run_deadline === null ? {} : { run_state: 'waiting' as const, run_deadline, run_reason: null }
    return { artifact: { ...artifact, ...run }, deduplicated: false, leased }
  })
}

/** The locks on what waits and on what is stored come after those of the names, as where a draft grows: no two wait for each other. */
async function requireRoom(tx: Tx, claimed: readonly Claimed[]): Promise<void> {
  const [first] = claimed
  if (!first) return
  const { rules, name } = first
  const runs = claimed.filter(({ submission }) => !submission.draft).length
  if (runs > 0) await requirePendingRoom(tx, name, rules, runs)
  const bytes = claimed.reduce((sum, { submission }) => sum + submission.content_size, 0)
  await requireStorage(tx, { groupId: name.group_id, bytes, maxStoredBytes: rules.maxStoredBytes })
}

/** The artifact as it will stand there, with the version that it takes. */
function subjectOf(actor: Actor, { submission, rules, name, standing: { prior } }: Claimed) {
  if (submission.version !== undefined && prior) throw versionExists(actor, prior)
  const versioning = versioningFor(submission, rules.config, name.versioning)
  const version = submission.version ?? nextVersion(versioning, prior?.version, submission.bump)
  if (version === undefined) throw problem('versions-exhausted')
  return {
    id: randomUUIDv7(),
    group_id: name.group_id,
    type: name.type,
    name: name.name,
    version,
    status: submission.draft ? ('draft' as const) : ('on_verification' as const),
    usage_policy: policyOf(submission, rules),
    content_hash: submission.content_hash,
    created_by: actor.userId,
  }
}

type Planned = Claimed & { subject: ReturnType<typeof subjectOf> }

const asNew = ({ submission, rules: { config }, cause, name, standing, subject }: Planned): NewSubmission => ({
  ...subject,
  content_kind: submission.content_kind,
  content_type: submission.content_type,
  content_size: submission.content_size,
  content: submission.content,
  metadata: submission.metadata ?? {},
  duplicate_of: standing.duplicate_of ?? null,
  cause,
  lastSequence: name.last_sequence,
  run: submission.draft
    ? undefined
    : {
        id: submission.run_id,
        requires_validation: config.requires_validation,
        deadlineMs: config.validator?.deadline ?? defaultDeadlineMs,
        awaited: submission.awaited,
      },
})

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
