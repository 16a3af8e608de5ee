import type { Mending } from './mending.ts'

/**
 * What goes wrong when a connection is lost, found by killing PostgreSQL under load:
 * - a small write waits for the end of the turn; lost in between, the connection can never write again once it is back
 *   (porsager/postgres#1066 and what is reported with it), and every query that the pool gives to it hangs or times out;
 * - what is written between the error and the end of a connection is never answered nor refused, and whatever the connection
 *   does later waits behind it;
 * - why the server ended it is told to the first query of the connection that comes after it;
 * - one that is lost while it asks for the types of arrays rejects a promise that nobody can catch;
 * - one whose other end has vanished without a word (a host that failed, a path that forgot it) is waited for until TCP gives it up,
 *   a quarter of an hour later, with everything that waits behind it. A server that has a time-out for statements answers within it: twice
 *   as long without a byte, while an answer is due, and the connection is lost.
 * And when a table was changed meanwhile: a statement whose plan does not fit any more is sent again behind others that are on
 * their way, and takes the answers that are for them. Here it fails, and who knows that nothing was kept asks again
 * (transaction.ts, connect.ts).
 */
export const connections: readonly Mending[] = [
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
        to: '\n    query = last = unbegun = errorResponse = null\n    rows = 0\n    connection.joins = false\n    closedTime = performance.now()\n',
        times: 1,
      },
      {
        from: "\n      socket.on('data', data)\n",
        to:
          "\n      socket.on('data', data)\n" +
          "      socket.on('timeout', () => (query || sent.length) && socket.destroy())\n" +
          '      socket.setTimeout(2 * options.connection.statement_timeout || 0)\n',
        times: 1,
      },
      // A statement that the server does not know any more, or knows otherwise, is forgotten and told as failed: written again where
      // others were sent since, it would be given their answers, and they its; and behind a commit it would run alone.
      {
        from: '\n            ? retry(query, errorResponse)\n',
        to: '\n            ? (delete statements[query.signature], errored(errorResponse))\n',
        times: 1,
      },
    ],
  },
]
