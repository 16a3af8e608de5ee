import { submitDraft as command } from '../../commands/start-verification.ts'
import { verificationStart } from './verification-start.ts'

/** Hands a draft to verification; its version is used from now on. */
export const submitDraft = verificationStart({
  operationId: 'submitDraft',
  verb: 'submit',
  summary: 'Hand a draft to verification',
  operation: 'submit_draft',
  finalStatus: 201,
  command,
})
