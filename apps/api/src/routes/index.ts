import type { Route } from '../http/route.ts'
import { getContent } from './artifacts/get-content.ts'
import { listArtifactEvents } from './artifacts/list-artifact-events.ts'
import { listArtifacts } from './artifacts/list-artifacts.ts'
import { getArtifactById } from './artifacts/get-artifact-by-id.ts'
import { getContentById } from './artifacts/get-content-by-id.ts'
import { getLatestArtifact } from './artifacts/get-latest-artifact.ts'
import { getVersion } from './artifacts/get-version.ts'
import { listVersions } from './artifacts/list-versions.ts'
import { archiveArtifact } from './artifacts/archive-artifact.ts'
import { cancelVerification } from './artifacts/cancel-verification.ts'
import { cleanUpArtifacts } from './artifacts/clean-up-artifacts.ts'
import { diffVersions } from './artifacts/diff-versions.ts'
import { discardDraft } from './artifacts/discard-draft.ts'
import { editDraft } from './artifacts/edit-draft.ts'
import { patchMetadata } from './artifacts/patch-metadata.ts'
import { restoreArtifact } from './artifacts/restore-artifact.ts'
import { revalidateArtifact } from './artifacts/revalidate-artifact.ts'
import { rollBackArtifact } from './artifacts/roll-back-artifact.ts'
import { submitDraft } from './artifacts/submit-draft.ts'
import { submitArtifact } from './artifacts/submit-artifact.ts'
import { listEvents } from './events/list-events.ts'
import { listRechecks } from './rechecks/list-rechecks.ts'
import { pauseRecheck } from './rechecks/pause-recheck.ts'
import { resumeRecheck } from './rechecks/resume-recheck.ts'
import { startRecheck } from './rechecks/start-recheck.ts'
import { explainAccess } from './system/explain-access.ts'
import { getHealth } from './system/get-health.ts'
import { getMetrics } from './system/get-metrics.ts'
import { getReadiness } from './system/get-readiness.ts'
import { listOperationalEvents } from './system/list-operational-events.ts'
import { listTypes } from './system/list-types.ts'
import { listDeliveries } from './webhooks/list-deliveries.ts'
import { listSubscribers } from './webhooks/list-subscribers.ts'
import { redeliver } from './webhooks/redeliver.ts'
import { replaySubscriber } from './webhooks/replay-subscriber.ts'
import { resumeSubscriber } from './webhooks/resume-subscriber.ts'
import { testSubscriber } from './webhooks/test-subscriber.ts'

/** The table of contents of the API, in the order of its guide. */
export const routes: readonly Route[] = [
  listArtifacts,
  submitArtifact,
  getArtifactById,
  getContentById,
  getLatestArtifact,
  listVersions,
  diffVersions,
  getVersion,
  getContent,
  editDraft,
  discardDraft,
  submitDraft,
  revalidateArtifact,
  cancelVerification,
  patchMetadata,
  rollBackArtifact,
  archiveArtifact,
  restoreArtifact,
  cleanUpArtifacts,
  explainAccess,
  listArtifactEvents,
  listTypes,
  listEvents,
  listDeliveries,
  redeliver,
  listSubscribers,
  replaySubscriber,
  testSubscriber,
  resumeSubscriber,
  listOperationalEvents,
  startRecheck,
  listRechecks,
  pauseRecheck,
  resumeRecheck,
  getHealth,
  getReadiness,
  getMetrics,
]
