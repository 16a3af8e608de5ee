import type { PresentedArtifact } from '@keepr/db/artifacts/present-artifact'
import { type ArtifactRow } from '@keepr/db/rows'
import { isForeign, maySee } from '@keepr/shared/domain/access'
import type { Actor } from '@keepr/shared/domain/actor'
import { isUsable } from '@keepr/shared/domain/lifecycle'
import { hasRole } from '@keepr/shared/domain/role'
import { type Owned, subjectOf } from '../commands/subject-of.ts'
import { artifactLinks } from './links.ts'

export type ViewedArtifact = ArtifactRow & Partial<Omit<PresentedArtifact, keyof ArtifactRow>>
/** What a view is made from: a list reads no more. */
type Shown = Omit<ViewedArtifact, 'is_prerelease' | 'content_kind' | 'validation_run_id' | 'revision'>

/** Who may see an artifact at all, told once more than the database does: two layers, each enough. */
export const isVisible = (actor: Actor, artifact: Owned): boolean => maySee(actor, subjectOf(artifact))

/** From whose side an artifact is looked at: an author's of its group, another member's, or another group's. */
export type Viewer = 'author' | 'member' | 'foreigner'

export function viewerOf(actor: Actor, { group_id }: Pick<Owned, 'group_id'>): Viewer {
  if (isForeign(actor, { groupId: group_id })) return 'foreigner'
  return hasRole(actor.roles, 'author') ? 'author' : 'member'
}

/** An artifact as this actor is told of it, without content (see below). */
export const viewArtifact = (artifact: Shown, actor: Actor): Record<string, unknown> =>
  viewFor(viewerOf(actor, artifact), artifact)

/**
 * The same for every actor of one kind. What has no value, or is not for them, is undefined, which JSON leaves out: one shape
 * for all, as a page makes many.
 */
export function viewFor(viewer: Viewer, artifact: Shown): Record<string, unknown> {
  const foreign = viewer === 'foreigner'
  const insider = viewer === 'author'
  return {
    id: artifact.id,
    name: artifact.name,
    type: artifact.type,
    version: artifact.version,
    status: artifact.status,
    usable: isUsable(artifact.status) && artifact.purged_at === null,
    usage_policy: artifact.usage_policy,
    group_id: artifact.group_id,
    created_by: foreign ? undefined : artifact.created_by,
    content_type: artifact.content_type,
    content_size: artifact.content_size,
    content_hash: artifact.content_hash,
    metadata: artifact.metadata,
    created_at: artifact.created_at,
    updated_at: artifact.updated_at,
    published_at: artifact.published_at ?? undefined,
    last_accessed_at: foreign ? undefined : (artifact.last_accessed_at ?? undefined),
    validation: foreign ? undefined : viewValidation(artifact, insider),
    duplicate_of: insider ? (artifact.duplicate_of ?? undefined) : undefined,
    blocked_reason: insider && artifact.status === 'blocked' ? (artifact.blocked_reason ?? undefined) : undefined,
    archived_at: artifact.archived_at ?? undefined,
    archive_reason: artifact.archive_reason ?? undefined,
    purged_at: artifact.purged_at ?? undefined,
    links: artifactLinks(artifact, foreign),
  }
}

/**
 * The text of an answer with its content in it. JSON is handed on as the canonical bytes that were hashed instead of
 * being parsed and printed again, so every number stays as it was sent.
 */
export function withInlineContent(
  view: Record<string, unknown>,
  { content_kind }: Pick<ArtifactRow, 'content_kind'>,
  content: Buffer,
): string {
  const text = content.toString('utf8')
  return `${JSON.stringify(view).slice(0, -1)},"content":${content_kind === 'json' ? text : JSON.stringify(text)}}`
}

/** Tries and findings are for authors; others of the group learn the state. */
function viewValidation(artifact: Shown, insider: boolean) {
  if (!artifact.run_state) return undefined
  return {
    state: artifact.run_state,
    attempts: insider ? (artifact.tries ?? []) : [],
    findings: insider ? (artifact.run_findings ?? []).slice(0, 100) : [],
    reason: insider ? (artifact.run_reason ?? undefined) : undefined,
    deadline: artifact.run_checked_at ? undefined : (artifact.run_deadline ?? undefined),
    checked_at: artifact.run_checked_at ?? undefined,
    report_url: insider ? (artifact.run_report_url ?? undefined) : undefined,
  }
}
