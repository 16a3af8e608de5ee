import { archiveArtifact as command } from '../../commands/archive-artifact.ts'
import { artifactMove } from './artifact-move.ts'
import { archivedArtifact } from './example.ts'

/** Moves one published version to the history by hand. */
export const archiveArtifact = artifactMove({
  operationId: 'archiveArtifact',
  verb: 'archive',
  summary: 'Move a published version to the history',
  operation: 'archive',
  example: { ...archivedArtifact, archive_reason: 'archived' },
  command,
})
