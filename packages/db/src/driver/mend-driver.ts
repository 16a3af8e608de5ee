import { answers } from './mendings/answers.ts'
import { bytes } from './mendings/bytes.ts'
import { connections } from './mendings/connections.ts'
import { queries } from './mendings/queries.ts'
import { transactions } from './mendings/transactions.ts'

/**
 * What postgres.js 3.4.9 does wrong, or at a cost, each told where it is mended. Pinned with the version: with any other text it
 * throws instead of mending half.
 */
const mendings = [...connections, ...bytes, ...answers, ...queries, ...transactions]

/** The text of a file of the driver with its faults mended; undefined for every file that has none. */
export function mendDriver(path: string, source: string): string | undefined {
  const ofFile = mendings.filter(({ file }) => path.replaceAll('\\', '/').endsWith(file))
  if (ofFile.length === 0) return undefined
  let text = source
  for (const { from, to, times } of ofFile.flatMap(({ changes }) => changes)) {
    const parts = text.split(from)
    if (parts.length !== times + 1)
      throw new Error(`${path} is not that of postgres 3.4.9: see whether its new version still needs mending`)
    text = parts.join(to)
  }
  return text
}
