import { randomUUIDv7 } from 'node:crypto'
import { appendEvents, type Cause, type NewEvent } from '@keepr/db/events/append-events'
import { listStandingVersions, type StandingVersion } from '@keepr/db/history/list-standing-versions'
import { moveToHistory } from '@keepr/db/history/move-to-history'
import { restoreFromHistory } from '@keepr/db/history/restore-from-history'
import { lockName } from '@keepr/db/names/lock-name'
import type { ArtifactRow } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import type { Actor } from '@keepr/shared/domain/actor'
import { compareVersions, latestVersion, outranks } from '@keepr/shared/domain/version'
import { problem } from '@keepr/shared/problem'
import { requireRestorable } from './require-restorable.ts'
import { requireRight } from './require-right.ts'

export type Rollback = { to_version?: string | undefined; reason?: string | undefined }
/** The ids of what has moved: V first, then what outranked the target, highest first; and of the target. */
export type RolledBack = { withdrawn: string[]; restored: string }

/**
 * Withdraws the latest published version V of a name, with everything published that would outrank the target T, and
 * makes T latest. One transaction under the lock of the name: two rollbacks of one V cannot both happen.
 */
export async function rollBackArtifact(
  tx: Tx,
  actor: Actor,
  artifact: ArtifactRow,
  { request, cause }: { request: Rollback; cause: Cause },
): Promise<RolledBack> {
  await lockName(tx, artifact, 0)
  const standing = await listStandingVersions(tx, artifact)
  const published = standing.filter(({ status }) => status === 'published')
  requireLatest(artifact, published)
  const target = chooseTarget(artifact, standing, request.to_version)
  await requireRestorable(tx, { ...target, group_id: artifact.group_id })
  const outranking = published
    .filter(({ id, version }) => id !== artifact.id && outranks(version, target.version))
    .toSorted((a, b) => compareVersions(b.version, a.version))
  const others = outranking.map(({ created_by }) => created_by)
  requireRight(actor, 'roll_back', artifact, others)

  const leaving = [artifact.id, ...outranking.map(({ id }) => id)]
  const move = { by: actor.userId, reason: 'rolled_back' as const }
  const withdrawn = await moveToHistory(tx, artifact.group_id, leaving, move)
  const restored =
    target.status === 'archived' ? await restoreFromHistory(tx, { ...artifact, id: target.id }) : undefined
  const events = rollbackEvents(withdrawn, { target, restored, reason: request.reason })
  const name = await lockName(tx, artifact, events.length)
  if (!name || withdrawn.length !== leaving.length) throw new Error('a rollback did not move what it had locked')
  await appendEvents(tx, cause, name.last_sequence, events)
  return { withdrawn: leaving, restored: target.id }
}

function requireLatest(artifact: ArtifactRow, published: StandingVersion[]): void {
  const version = latestVersion(published.map((one) => one.version))
  if (version === artifact.version && artifact.status === 'published') return
  // A restricted version of somebody else is not named.
  const named = published.some((one) => one.version === version && one.visible)
  throw problem('not-latest', {
    detail: named
      ? `The latest published version is ${version}.`
      : `${artifact.version} is not the latest published one.`,
    ...(named ? { latest: version } : {}),
  })
}

/** The version that was asked for, else what would be latest below V; what was once withdrawn is not brought back by accident. */
function chooseTarget(artifact: ArtifactRow, standing: StandingVersion[], asked: string | undefined): StandingVersion {
  const below = standing.filter(({ version, visible }) => visible && compareVersions(version, artifact.version) < 0)
  if (asked !== undefined) {
    const found = below.find(({ version }) => version === asked)
    if (found) return found
    throw problem('not-restorable', { detail: `${asked} is no version below ${artifact.version} that was published.` })
  }
  const eligible = below.filter(({ archive_reason }) => archive_reason !== 'rolled_back')
  const version = latestVersion(eligible.map((candidate) => candidate.version))
  const target = eligible.find((candidate) => candidate.version === version)
  if (!target) throw problem('no-prior-version')
  return target
}

type Outcome = { target: StandingVersion; restored: ArtifactRow | undefined; reason: string | undefined }

/** One event for each withdrawn version: that of V tells the whole story, the others point to it (and are not announced). */
function rollbackEvents(withdrawn: ArtifactRow[], { target, restored, reason }: Outcome): NewEvent[] {
  const primary = randomUUIDv7()
  const story = {
    to_version: target.version,
    ...(reason === undefined ? {} : { reason }),
    withdrawn: withdrawn.map(brief),
    restored: brief(target),
  }
  const events = withdrawn.map((artifact, index): NewEvent =>
    index === 0
      ? { id: primary, artifact, event_type: 'rollback', event_data: story }
      : { artifact, event_type: 'rollback', event_data: { part_of: primary } },
  )
  if (restored) events.push({ artifact: restored, event_type: 'restored', event_data: { rollback: primary } })
  return events
}

const brief = ({ id, version, content_hash }: Pick<ArtifactRow, 'id' | 'version' | 'content_hash'>) => ({
  id,
  version,
  content_hash,
})
