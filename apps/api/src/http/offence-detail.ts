import type { BaseIssue } from 'valibot'

/** What is wrong in our own words: of a key that is unknown or missing a schema speaks as of a value. */
export function offenceDetail({ type, expected, received, message }: BaseIssue<unknown>, unknownKey: string): string {
  if (expected === 'never') return unknownKey
  return type === 'strict_object' && received === 'undefined' ? 'is missing' : message
}
