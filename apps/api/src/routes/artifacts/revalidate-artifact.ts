import { revalidateArtifact as command } from '../../commands/start-verification.ts'
import { verificationStart } from './verification-start.ts'

/** Opens a new run for a blocked version, or for one whose verification is held. */
export const revalidateArtifact = verificationStart({
  operationId: 'revalidateArtifact',
  verb: 'revalidate',
  summary: 'Ask for a new verdict',
  operation: 'revalidate',
  finalStatus: 200,
  command,
})
