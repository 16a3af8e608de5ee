import { cancelVerification as command } from '../../commands/cancel-verification.ts'
import { artifactMove } from './artifact-move.ts'
import { pendingArtifact } from './example.ts'

/** Ends a verification that is under way: the version is blocked, and can be revalidated. */
export const cancelVerification = artifactMove({
  operationId: 'cancelVerification',
  verb: 'cancel',
  summary: 'End a verification without a verdict',
  operation: 'cancel',
  example: { ...pendingArtifact, status: 'blocked', blocked_reason: 'cancelled' },
  command,
})
