import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import type { Settings } from './context.ts'

type Limits = Pick<Settings, 'maxJsonBytes' | 'maxTextBytes' | 'maxBinaryBytes'>

/** The most bytes that content of a type may have. */
export function contentLimit(type: Pick<TypeConfig, 'content' | 'max_bytes'>, limits: Limits): number {
  if (type.max_bytes !== undefined) return type.max_bytes
  return { json: limits.maxJsonBytes, text: limits.maxTextBytes, binary: limits.maxBinaryBytes }[type.content]
}
