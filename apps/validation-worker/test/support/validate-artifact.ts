import type { Context } from '../../src/context.ts'
import { validateArtifact as begin } from '../../src/jobs/validate-artifact.ts'

/** One run, until what followed is stored. */
export const validateArtifact = (ctx: Context) => {
  const validate = begin(ctx)
  return async (...asked: Parameters<typeof validate>) => (await validate(...asked)).followed
}
