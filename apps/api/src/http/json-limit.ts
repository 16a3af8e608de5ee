import { contentLimit } from '../content-limit.ts'
import type { Call } from './api.ts'

const room = 64 * 1024

/** The largest body that may hold allowed content: base64 takes a third more, escapes in JSON can double it. */
export function jsonLimit(c: Call): number {
  const { settings, types } = c.get('ctx')
  const sizes = [...types().values()].map((config) => {
    const limit = contentLimit(config, settings)
    return config.content === 'binary' ? Math.ceil(limit / 3) * 4 : limit * 2
  })
  return Math.max(...sizes, 0) + settings.maxMetadataBytes * 2 + room
}
