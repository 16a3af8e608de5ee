import { problem } from '@keepr/shared/problem'
import type { Call } from './api.ts'

/** The strong entity tag of one revision of an artifact. Reading content does not change it. */
export const entityTag = ({ id, revision }: { id: string; revision: number }): string => `"${id}.${revision}"`

/** Refuses a write to an artifact that has changed since its caller read it. Weak tags never match (RFC 9110, 13.1.1). */
export function requireMatch(ifMatch: string | undefined, artifact: { id: string; revision: number }): void {
  if (ifMatch === undefined) return
  if (ifMatch.trim() === '*') return
  if (!tagsOf(ifMatch).includes(entityTag(artifact))) throw problem('precondition-failed')
}

/** Whether the caller already has this representation (weak comparison, RFC 9110, 13.1.2). */
export function isUnchanged(c: Call, etag: string): boolean {
  const header = c.req.header('if-none-match')
  if (header === undefined) return false
  return header.trim() === '*' || tagsOf(header).some((tag) => tag.replace(/^W\//u, '') === etag)
}

const tagsOf = (header: string): string[] => header.match(/(?:W\/)?"[^"]*"/gu) ?? []
