import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import type { ContentRules } from '../commands/prepare-content.ts'
import { contentLimit } from '../content-limit.ts'
import type { Call } from './api.ts'
import { parseContent } from './body.ts'

/** What content of a type is held against. */
export function contentRules(c: Call, type: TypeConfig): ContentRules {
  const { settings, contentSchemas } = c.get('ctx')
  return {
    type,
    limit: contentLimit(type, settings),
    schemas: contentSchemas,
    readJson: (bytes) => parseContent(bytes, settings.maxJsonDepth),
  }
}
