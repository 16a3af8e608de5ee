import type { Status } from '@keepr/shared/domain/lifecycle'
import type { UsagePolicy } from '../rows.ts'

/** A version that was used, which it stays for ever, and what has become of it. */
export type LedgerEntry = {
  group_id: string
  type: string
  name: string
  version: string
  artifact_id: string
  created_by: string
  content_hash: string
  status: Status
  usage_policy: UsagePolicy
}
