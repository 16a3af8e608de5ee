import { getContent } from './get-content.ts'
import { getLatest } from './get-latest.ts'
import { growth } from './growth.ts'
import { listPage } from './list-page.ts'
import { memory } from './memory.ts'
import { publish } from './publish.ts'
import type { Row } from './row.ts'
import { startTime } from './start-time.ts'
import { steady } from './steady.ts'
import { submit } from './submit.ts'
import { submitPipeline } from './submit-pipeline.ts'
import { validate } from './validate.ts'
import { webhooks } from './webhooks.ts'
import { webhooksBacklog } from './webhooks-backlog.ts'

/** In the order in which they run: those that need the workers first, as the later ones stop them. */
export const rows: readonly Row[] = [
  getLatest,
  getContent,
  submitPipeline,
  publish,
  validate,
  webhooks,
  webhooksBacklog,
  memory,
  steady,
  submit,
  listPage,
  growth,
  startTime,
]
