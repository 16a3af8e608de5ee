const PLACE = /\{\{([A-Z][A-Z0-9_]*)\}\}/gu

/** The names of the secrets in a text: what stands in it as `{{NAME}}`. */
export const secretsIn = (text: string): string[] => [...text.matchAll(PLACE)].map(([, name = '']) => name)

/** The text with its secrets filled in; what has no value stays as it is. Nothing in a value is filled in. */
export const fillSecrets = (text: string, values: ReadonlyMap<string, string>): string =>
  text.replace(PLACE, (place, name: string) => values.get(name) ?? place)

/** The text with something else in the place of each secret. */
export const insteadOfSecrets = (text: string, instead: string): string => text.replaceAll(PLACE, instead)
