/** A file of postgres.js 3.4.9 and what is changed in it: each text stands there exactly so many times. */
type Mending = { file: string; changes: readonly { from: string; to: string; times: number }[] }

/**
 * What postgres.js 3.4.9 does wrong when a connection is lost, found by killing PostgreSQL under load:
 * - a small write waits for the end of the turn; lost in between, the connection can never write again once it is back
 *   (porsager/postgres#1066 and what is reported with it), and every query that the pool gives to it hangs or times out;
 * - what is written between the error and the end of a connection is never answered nor refused, and whatever the connection
 *   does later waits behind it;
 * - one that is lost while it asks for the types of arrays rejects a promise that nobody can catch;
 * - a transaction whose connection is lost goes on writing to it, its `rollback` first: that ends the process, from where
 *   nobody can catch it (#1154, #1208), or runs inside of a later transaction on the same, reconnected connection.
 * Pinned with the version: with any other text it throws instead of mending half.
 */
const mendings: readonly Mending[] = [
  {
    file: '/postgres/src/connection.js',
    changes: [
      {
        from: '\n    clearImmediate(nextWriteTimer)\n',
        to: '\n    clearImmediate(nextWriteTimer)\n    chunk = nextWriteTimer = null\n',
        times: 2,
      },
      {
        // True: what has no connection is not to be moved among those that have one.
        from: '\n    if (stream)\n      return queryError(q, Errors.generic(',
        to:
          "\n    if (!socket)\n      return queryError(q, Errors.connection('CONNECTION_CLOSED', options)), true\n" +
          '\n    if (stream)\n      return queryError(q, Errors.generic(',
        times: 1,
      },
      // A connection that is lost while it asks for the types refuses its query all the same: nobody else has to know.
      { from: 'return fetchArrayTypes()', to: 'return fetchArrayTypes().catch(() => {})', times: 1 },
      {
        from: '\n    !hadError && (query || sent.length) && error(',
        to: '\n    const unanswered = query || sent.length\n    unanswered && error(',
        times: 1,
      },
      {
        from: '\n    closedTime = performance.now()\n',
        to: '\n    query = null\n    closedTime = performance.now()\n',
        times: 1,
      },
    ],
  },
  {
    file: '/postgres/src/index.js',
    changes: [
      { from: '\n      , prepare = null\n', to: '\n      , prepare = null\n      , lost = null\n', times: 1 },
      {
        from: 'new Promise((_, reject) => connection.onclose = reject)',
        to: 'new Promise((_, reject) => connection.onclose = e => (lost = e, reject(e)))',
        times: 1,
      },
      {
        from: '\n        q.catch(e => uncaughtError || (uncaughtError = e))\n',
        to: '\n        q.catch(e => uncaughtError || (uncaughtError = e))\n        if (lost)\n          return q.reject(lost)\n',
        times: 1,
      },
    ],
  },
]

/** The text of a file of the driver with its faults mended; undefined for every file that has none. */
export function mendDriver(path: string, source: string): string | undefined {
  const mending = mendings.find(({ file }) => path.replaceAll('\\', '/').endsWith(file))
  if (!mending) return undefined
  let text = source
  for (const { from, to, times } of mending.changes) {
    const parts = text.split(from)
    if (parts.length !== times + 1)
      throw new Error(`${mending.file} is not that of postgres 3.4.9: see whether its new version still needs mending`)
    text = parts.join(to)
  }
  return text
}
