import { contentLimit } from '../content-limit.ts'
import type { Call } from './api.ts'

const bytesOfValue = 2 // itself and a comma

/**
 * How many values a submission can have at most: no more than JSON of the allowed size. A body may be far larger than that,
 * for base64 in it, and a body of that size that is all commas would keep the process busy for seconds.
 */
export function maxJsonValues(c: Call): number {
  const { settings, types } = c.get('ctx')
  const json = [...types().values()].filter(({ content }) => content === 'json')
  const bytes = Math.max(...json.map((config) => contentLimit(config, settings)), 0) + settings.maxMetadataBytes
  return Math.ceil(bytes / bytesOfValue) + 100
}
