import { recheckMove } from './recheck-move.ts'

export const pauseRecheck = recheckMove({
  operationId: 'pauseRecheck',
  verb: 'pause',
  summary: 'Pause a re-validation',
  state: 'paused',
  description: 'Runs that are open are judged; no new ones begin',
})
