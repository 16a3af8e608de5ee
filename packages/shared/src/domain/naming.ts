/** A semantic name: what can stand in a path segment without being escaped. */
const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/u

/** Names that would hide a route of the API. */
const RESERVED: readonly string[] = ['by-id', 'cleanup']

/** A type is named by the operator and stands in queries, metrics and lanes. */
export const TYPE_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u

export const isName = (value: string): boolean => NAME_PATTERN.test(value) && !RESERVED.includes(value)

export const isTypeName = (value: string): boolean => TYPE_PATTERN.test(value)
