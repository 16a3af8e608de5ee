import { recheckMove } from './recheck-move.ts'

export const resumeRecheck = recheckMove({
  operationId: 'resumeRecheck',
  verb: 'resume',
  summary: 'Resume a re-validation',
  state: 'running',
  description: 'It goes on where it stopped',
})
