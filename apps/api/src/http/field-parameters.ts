/** The parameters of a header field (RFC 9110, 5.6.6) by their names in lower case; of several with one name the first. */
export function fieldParameters(field: string): Map<string, string> {
  const found = field.matchAll(/;\s*([^=;\s]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/gu)
  const parameters = [...found].map(([, name = '', quoted, plain = '']) => {
    const value = quoted?.replace(/\\(.)/gu, '$1') ?? plain
    return [name.toLowerCase(), value] as const
  })
  return new Map(parameters.toReversed())
}
