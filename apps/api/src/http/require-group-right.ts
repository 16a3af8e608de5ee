import { decideForGroup, type GroupOperation } from '@keepr/shared/domain/access'
import { forbidden } from '../commands/forbidden.ts'
import type { Call } from './api.ts'

/** Stops a caller whose role does not allow an operation on its group or on the installation. */
export function requireGroupRight(c: Call, operation: GroupOperation): void {
  const { outcome, rule } = decideForGroup(operation, c.get('actor'))
  if (outcome !== 'allowed') throw forbidden(rule)
}
