/** The JSON pointer (RFC 6901) to what stands below some keys. */
export const jsonPointer = (keys: readonly string[]): string =>
  keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
