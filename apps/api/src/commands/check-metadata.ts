import { canonicalBytes } from '@keepr/shared/domain/content-hash'
import type { Offence } from '@keepr/shared/domain/offence'
import type { Settings } from '../context.ts'

type Limits = Pick<Settings, 'maxMetadataBytes' | 'maxTags' | 'maxTagLength'>

/** What is wrong with the size of metadata; its form is the schema's business. */
export function metadataOffences(metadata: Record<string, unknown>, limits: Limits): Offence[] {
  const offences: Offence[] = []
  if (canonicalBytes(metadata).byteLength > limits.maxMetadataBytes) {
    offences.push({ pointer: '/metadata', detail: `has more than ${limits.maxMetadataBytes} bytes` })
  }
  const tags: unknown[] = Array.isArray(metadata['tags']) ? metadata['tags'] : []
  if (tags.length > limits.maxTags)
    offences.push({ pointer: '/metadata/tags', detail: `has more than ${limits.maxTags} tags` })
  for (const [index, tag] of tags.entries()) {
    if (typeof tag === 'string' && Array.from(tag).length > limits.maxTagLength) {
      offences.push({ pointer: `/metadata/tags/${index}`, detail: `is longer than ${limits.maxTagLength} characters` })
    }
  }
  return offences
}
