import type { JsonObject } from '@keepr/db/rows'
import type { RunVerdict } from '@keepr/db/validation-runs/settle-run'

/** What an event tells of a verdict's findings; their texts stay with the run, for authors. */
export const toldFindings = ({ findings = [] }: Pick<RunVerdict, 'findings'>): JsonObject[] =>
  findings.map(({ severity = null, code = null, path }) =>
    path === undefined ? { severity, code } : { severity, code, path },
  )
