import { hash } from 'node:crypto'
import type { PresentedArtifact } from '@keepr/db/artifacts/present-artifact'
import type { ArtifactRow } from '@keepr/db/rows'
import { problem } from '@keepr/shared/problem'
import type { Call } from './api.ts'

type Tagged = Pick<ArtifactRow, 'id' | 'revision' | 'purged_at'> &
  Partial<Pick<PresentedArtifact, 'run_state' | 'run_reason' | 'run_deadline' | 'run_checked_at' | 'tries'>>

/**
 * The strong entity tag of one revision of an artifact. Reading content does not change it. While a run is open its
 * tries are part of what is answered and make no revision, so they are part of the tag. Nor does a purge of what is archived, and
 * who has what was purged must not be told that it is so still.
 */
export function entityTag(artifact: Tagged): string {
  const { id, revision, purged_at, run_state, run_reason, run_deadline, run_checked_at, tries } = artifact
  if (purged_at !== null) return `"${id}.${revision}.purged"`
  if (!run_state || run_checked_at) return `"${id}.${revision}"`
  const progress = JSON.stringify([run_state, run_reason, run_deadline, tries ?? []])
  return `"${id}.${revision}.${hash('sha256', progress).slice(0, 16)}"`
}

/** Refuses what is meant for another revision, or other content, than this one. Weak tags never match (RFC 9110, 13.1.1). */
export function requireMatch(c: Call, etag: string): void {
  const header = c.req.header('if-match')
  if (header === undefined || header.trim() === '*') return
  if (!tagsOf(header).includes(etag)) throw problem('precondition-failed')
}

/** Whether the caller already has this representation (weak comparison, RFC 9110, 13.1.2). */
export function isUnchanged(c: Call, etag: string): boolean {
  const header = c.req.header('if-none-match')
  if (header === undefined) return false
  return header.trim() === '*' || tagsOf(header).some((tag) => tag.replace(/^W\//u, '') === etag)
}

const tagsOf = (header: string): string[] => header.match(/(?:W\/)?"[^"]*"/gu) ?? []
