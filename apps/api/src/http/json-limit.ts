import type { Settings } from '../context.ts'
import { contentLimit } from '../content-limit.ts'
import type { Call } from './api.ts'

/** For whatever stands around content and metadata. */
const room = 64 * 1024
/** Escapes in JSON can double what is written. */
const escaped = 2

/** The largest JSON without content that may hold allowed metadata. */
export const notesLimit = ({ maxMetadataBytes }: Pick<Settings, 'maxMetadataBytes'>): number =>
  maxMetadataBytes * escaped + room

/** The largest body that may hold allowed content: base64 takes a third more. */
export function jsonLimit(c: Call): number {
  const { settings, types } = c.get('ctx')
  const sizes = [...types().values()].map((config) => {
    const limit = contentLimit(config, settings)
    return config.content === 'binary' ? Math.ceil(limit / 3) * 4 : limit * escaped
  })
  return Math.max(...sizes, 0) + notesLimit(settings)
}
