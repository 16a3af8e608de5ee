/** An artifact as the documentation shows it. */
export const artifactExample = {
  id: '019ab1de-7c00-7000-8000-000000000001',
  name: 'greeting',
  type: 'prompt',
  version: '3',
  status: 'published',
  usable: true,
  usage_policy: 'internal_only',
  group_id: 'acme',
  created_by: 'alice',
  content: { text: 'Hello {name}' },
  content_type: 'application/json',
  content_size: 23,
  content_hash: '3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7',
  metadata: { tags: ['hello'], category: 'demo', description: 'Greets by name' },
  created_at: '2026-11-24T08:00:00.000000Z',
  updated_at: '2026-11-24T08:00:01.000000Z',
  published_at: '2026-11-24T08:00:01.000000Z',
  validation: { state: 'not_required', attempts: [], findings: [], checked_at: '2026-11-24T08:00:01.000000Z' },
  links: {
    self: '/artifacts/greeting/3?type=prompt',
    content: '/artifacts/greeting/3/content?type=prompt',
    events: '/artifacts/greeting/3/events?type=prompt',
    versions: '/artifacts/greeting/versions?type=prompt',
  },
}

const { content: _content, ...withoutContent } = artifactExample

/** The same as lists and writes answer it. */
export const answeredArtifact = withoutContent

const { published_at: _published, ...unpublished } = withoutContent

/** The same while it waits for its verdict. */
export const pendingArtifact = {
  ...unpublished,
  status: 'on_verification',
  usable: false,
  validation: { state: 'waiting', attempts: [], findings: [], deadline: '2026-11-25T08:00:00.000000Z' },
}

const { validation: _validation, ...unjudged } = unpublished

/** A draft of it. */
export const draftArtifact = { ...unjudged, status: 'draft', usable: false }

/** The same after it was withdrawn. */
export const archivedArtifact = {
  ...withoutContent,
  status: 'archived',
  usable: false,
  archived_at: '2026-11-24T09:00:00.000000Z',
  archive_reason: 'rolled_back',
}

/** What is told of its publication. */
export const eventExample = {
  id: '019ab1de-7c00-7000-8000-00000000000e',
  artifact_id: artifactExample.id,
  name: artifactExample.name,
  type: artifactExample.type,
  version: artifactExample.version,
  sequence: 3,
  event_type: 'published',
  event_data: { run_id: '019ab1de-7c00-7000-8000-00000000000f', verdict: 'not_required' },
  actor: 'system:validation-worker',
  request_id: null,
  created_at: artifactExample.published_at,
}

/** The same event as the feed and the webhooks tell it. */
export const payloadExample = {
  type: 'artifact.published',
  timestamp: eventExample.created_at,
  data: {
    event_id: eventExample.id,
    sequence: eventExample.sequence,
    group_id: artifactExample.group_id,
    artifact: {
      id: artifactExample.id,
      name: artifactExample.name,
      type: artifactExample.type,
      version: artifactExample.version,
      status: artifactExample.status,
      usage_policy: artifactExample.usage_policy,
      content_hash: artifactExample.content_hash,
      metadata: artifactExample.metadata,
    },
    actor: eventExample.actor,
  },
}
