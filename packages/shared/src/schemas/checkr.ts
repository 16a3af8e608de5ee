import * as v from 'valibot'

export const MAX_FINDINGS = 100

/** Long texts are cut when they are stored: a verdict is none the less one. */
export const Finding = v.object({
  severity: v.string(),
  code: v.string(),
  message: v.string(),
  path: v.optional(v.string()),
})
export type Finding = v.InferOutput<typeof Finding>

/** A validator's verdict. `valid` must be a JSON boolean: nothing that merely looks true publishes anything. */
export const CheckrVerdict = v.object({
  valid: v.boolean(),
  findings: v.optional(
    v.pipe(
      v.array(Finding),
      v.transform((findings) => findings.slice(0, MAX_FINDINGS)),
    ),
    [],
  ),
  report_url: v.optional(v.string()),
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
