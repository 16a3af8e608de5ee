import type { Setting } from './setting.ts'
import { Count, CountLimit, Duration, oneOf, Size, SizeLimit } from './setting-types.ts'

/** What one request, user or group may use, and how names of other groups resolve. */
export const limitSettings = {
  MAX_JSON_BYTES: {
    type: Size,
    default: '1MiB',
    unit: 'bytes',
    readBy: ['api'],
    about: 'The largest content of a JSON type, unless the type says otherwise.',
  },
  MAX_TEXT_BYTES: {
    type: Size,
    default: '1MiB',
    unit: 'bytes',
    readBy: ['api'],
    about: 'The largest content of a text type, unless the type says otherwise.',
  },
  MAX_BINARY_BYTES: {
    type: Size,
    default: '32MiB',
    unit: 'bytes',
    readBy: ['api'],
    about: 'The largest content of a binary type, unless the type says otherwise.',
  },
  MAX_JSON_DEPTH: {
    type: Count,
    default: '64',
    unit: 'count',
    readBy: ['api'],
    about: 'How deep JSON content and metadata may nest.',
  },
  MAX_METADATA_BYTES: {
    type: Size,
    default: '64kB',
    unit: 'bytes',
    readBy: ['api'],
    about: 'The largest metadata of an artifact, in its canonical form.',
  },
  MAX_TAGS: { type: Count, default: '64', unit: 'count', readBy: ['api'], about: 'The most tags of an artifact.' },
  MAX_TAG_LENGTH: {
    type: Count,
    default: '64',
    unit: 'count',
    readBy: ['api'],
    about: 'The most characters of a tag.',
  },
  RATE_PER_GROUP: {
    type: CountLimit,
    default: 'unlimited',
    unit: 'per minute',
    readBy: ['api'],
    about:
      'The most requests of a group in a minute, over all API processes that share a Redis; else over each of them.',
  },
  RATE_PER_USER: {
    type: CountLimit,
    default: 'unlimited',
    unit: 'per minute',
    readBy: ['api'],
    about: 'The most requests of a user in a minute, counted like those of a group.',
  },
  MAX_CONCURRENT_UPLOAD_BYTES: {
    type: SizeLimit,
    default: 'unlimited',
    unit: 'bytes',
    readBy: ['api'],
    about: 'The most bytes that one group may be uploading at once, counted like requests.',
  },
  MAX_CONCURRENT_UPLOAD_BYTES_PER_USER: {
    type: SizeLimit,
    default: 'unlimited',
    unit: 'bytes',
    readBy: ['api'],
    about: 'The most bytes that one user may be uploading at once, counted like requests.',
  },
  MAX_PENDING: {
    type: CountLimit,
    default: 'unlimited',
    unit: 'count',
    readBy: ['api'],
    about: 'The most validation runs of a group that may be open at once; a type may have a lower limit of its own.',
  },
  MAX_PENDING_PER_USER: {
    type: CountLimit,
    default: 'unlimited',
    unit: 'count',
    readBy: ['api'],
    about: 'The most validation runs of versions that one user made that may be open at once.',
  },
  MAX_STORED_BYTES: {
    type: SizeLimit,
    default: 'unlimited',
    unit: 'bytes',
    readBy: ['api'],
    about: 'The most content that a group may keep, history included.',
  },
  FOREIGN_PUBLIC: {
    type: oneOf('by_name', 'by_id'),
    default: 'by_name',
    readBy: ['api'],
    about: "Whether another group's public artifact can be asked for by name, or by id only.",
  },
  ACCESS_FLUSH_INTERVAL: {
    type: Duration,
    default: '5s',
    unit: 'duration',
    readBy: ['api'],
    about: 'How often content reads are written to last_accessed_at.',
  },
  ACCESS_GRAIN: {
    type: Duration,
    default: '1h',
    unit: 'duration',
    readBy: ['api'],
    about: 'How old last_accessed_at must be before another read writes it again.',
  },
} as const satisfies Record<string, Setting>
