import * as v from 'valibot'
import { isObject } from '../domain/is-object.ts'

const MAX_FINDINGS = 100

/** One entry of a verdict, as the contract has it. Long texts are cut when they are stored. */
export const Finding = v.object({
  severity: v.string(),
  code: v.string(),
  message: v.string(),
  path: v.optional(v.string()),
})
export type Finding = v.InferOutput<typeof Finding>

/** A finding as it is read: what lacks a member is none the less a reason. */
const ReadFinding = v.object({
  severity: v.fallback(Finding.entries.severity, 'error'),
  code: v.fallback(Finding.entries.code, 'unspecified'),
  message: v.fallback(Finding.entries.message, ''),
  path: v.fallback(Finding.entries.path, undefined),
})

/**
 * A validator's verdict. `valid` must be a JSON boolean: nothing that merely looks true publishes anything. Findings are
 * read as far as they go, so that a "no" stays one however its reasons are written.
 */
export const CheckrVerdict = v.object({
  valid: v.boolean(),
  findings: v.pipe(
    v.fallback(v.array(v.unknown()), []),
    v.transform((findings) => findings.filter(isObject).slice(0, MAX_FINDINGS)),
    v.array(ReadFinding),
  ),
  report_url: v.fallback(v.optional(v.string()), undefined),
  content_hash: v.optional(v.string()),
})
export type CheckrVerdict = v.InferOutput<typeof CheckrVerdict>

/** What a validator is asked. */
export type CheckrRequest = {
  run_id: string
  artifact: {
    id: string
    name: string
    type: string
    version: string
    content_hash: string
    metadata: unknown
    content?: unknown
    content_base64?: string
  }
}
