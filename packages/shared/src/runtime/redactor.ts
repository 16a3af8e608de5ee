/** Removes what must not be read from texts that leave the process: log lines, error texts that are stored or sent. */
export type Redactor = {
  /** From now on this value is removed wherever it stands. */
  register(value: string): void
  scrub(text: string): string
}

const GONE = '[redacted]'
/** Shorter values would take harmless words with them; as secrets they are worth nothing. */
const SHORTEST_SECRET = 4
/** Rotation adds values for as long as a process lives; the oldest are forgotten first. */
const MOST_SECRETS = 2000

const SHAPES: readonly [RegExp, string][] = [
  [/\b(Bearer|Basic)(\s+|%20)[\w.~+/=-]+/gi, `$1$2${GONE}`],
  [/\bwhsec_[\w+/=-]+/g, `whsec_${GONE}`],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, GONE],
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s"'/@?#\\]+@/gi, `$1${GONE}@`],
  [/([a-z][a-z0-9+.-]*:\/\/[^\s"'?#\\]*)\?[^\s"'#\\]*/gi, `$1?${GONE}`],
]

/** Knows the shapes of credentials (bearer tokens, signing secrets, userinfo and query of URLs) and every registered value. */
export function createRedactor(): Redactor {
  const registered = new Set<string>()
  /** With the forms that they take. */
  const values = new Set<string>()
  let longestFirst: string[] = []

  return {
    register(value) {
      if (value.length < SHORTEST_SECRET || registered.has(value)) return
      registered.add(value)
      const before = values.size
      for (const form of formsOf(value)) values.add(form)
      if (values.size === before) return
      for (const oldest of values) {
        if (values.size <= MOST_SECRETS) break
        values.delete(oldest)
        registered.clear() // it may have been a form of any of them: each is looked at anew
      }
      // A secret that contains another one must go first, or its rest would stay readable.
      longestFirst = [...values].toSorted((a, b) => b.length - a.length)
    },
    scrub(text) {
      if (text === '') return text
      const withoutValues = longestFirst.reduce((rest, value) => rest.replaceAll(value, GONE), text)
      return SHAPES.reduce((rest, [shape, replacement]) => rest.replace(shape, replacement), withoutValues)
    },
  }
}

/** The value as it stands in plain text, in a JSON string, in a URL and in Basic credentials. */
const formsOf = (value: string): string[] => {
  const escaped = JSON.stringify(value).slice(1, -1)
  return [value, escaped, JSON.stringify(escaped).slice(1, -1), encodeURIComponent(value.toWellFormed())]
}
