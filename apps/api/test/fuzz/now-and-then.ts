import { fc } from '@fast-check/vitest'

/** An object with the members that are required, and few of the others: each one more is one more reason to be refused. */
export function nowAndThen(
  members: Record<string, fc.Arbitrary<string>>,
  required: readonly string[] = [],
): fc.Arbitrary<Record<string, string>> {
  const chosen = Object.entries(members).map(([name, values]) =>
    required.includes(name)
      ? values.map((value) => [[name, value]])
      : fc.oneof(
          { weight: 6, arbitrary: fc.constant([]) },
          { weight: 1, arbitrary: values.map((value) => [[name, value]]) },
        ),
  )
  return fc.tuple(...chosen).map((entries): Record<string, string> => Object.fromEntries(entries.flat()))
}
