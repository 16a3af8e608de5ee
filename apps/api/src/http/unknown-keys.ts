import type { GenericSchema } from 'valibot'

/** All keys that an object schema does not know: valibot tells the first, and takes names that every object inherits. */
export function unknownKeys(given: object, schema: GenericSchema): string[] {
  const entries: object = 'entries' in schema && typeof schema.entries === 'object' ? (schema.entries ?? {}) : given
  return Object.keys(given).filter((key) => !Object.hasOwn(entries, key))
}
