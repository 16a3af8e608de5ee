import type { Scan } from '../scan.ts'
import { activeArtifacts } from './active-artifacts.ts'
import { archivedArtifacts } from './archived-artifacts.ts'
import { deliveries } from './deliveries.ts'
import { events } from './events.ts'
import { feed } from './feed.ts'
import { guards } from './guards.ts'
import { jsonContent } from './json-content.ts'
import { keptAnswers } from './kept-answers.ts'
import { messages } from './messages.ts'
import { names } from './names.ts'
import { rechecks } from './rechecks.ts'
import { runs } from './runs.ts'
import { usedVersions } from './used-versions.ts'

/** Every table with promises to keep, in this order. */
export const scans: readonly Scan[] = [
  guards,
  activeArtifacts,
  jsonContent('artifact_active'),
  archivedArtifacts,
  jsonContent('artifact_history'),
  usedVersions,
  names,
  events,
  feed,
  runs,
  messages,
  deliveries,
  keptAnswers,
  rechecks,
]
