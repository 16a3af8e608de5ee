import { restoreArtifact as command } from '../../commands/restore-artifact.ts'
import { artifactMove } from './artifact-move.ts'
import { answeredArtifact } from './example.ts'

/** Brings an archived version back, under its old id. */
export const restoreArtifact = artifactMove({
  operationId: 'restoreArtifact',
  verb: 'restore',
  summary: 'Publish an archived version again',
  operation: 'restore',
  example: answeredArtifact,
  problems: ['not-restorable'],
  command,
})
