import type { ArtifactRow } from '@keepr/db/rows'
import type { Subject } from '@keepr/shared/domain/access'

/** What tells who may do what with an artifact. */
export type Owned = Pick<ArtifactRow, 'group_id' | 'created_by' | 'status' | 'usage_policy'>

/** The same as the rules of access name it. */
export const subjectOf = (artifact: Owned): Subject => ({
  groupId: artifact.group_id,
  createdBy: artifact.created_by,
  status: artifact.status,
  usagePolicy: artifact.usage_policy,
})
