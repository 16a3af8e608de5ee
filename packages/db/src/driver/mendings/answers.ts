import type { Mending } from './mending.ts'

/**
 * Each statement of a transaction asks to be answered at once (Sync), so that each is an answer of its own to send, to wake up for and
 * to read. What leaves together within a transaction is answered together here: where one fails, the server skips the rest, and it is
 * told so. And when a query fails after some of its rows, the next result begins with as many holes: it begins at its first row here.
 */
export const answers: readonly Mending[] = [
  {
    file: '/postgres/src/connection.js',
    changes: [
      // Within a transaction, what was not sent yet is joined by what follows: one Sync is behind all of it.
      { from: '\n      build(q)\n', to: '\n      build(q)\n      join(q)\n', times: 1 },
      {
        from: '\n  function toBuffer(q) {\n',
        to:
          '\n  function join(q) {\n' +
          '    q.plain = !q.options.simple && !q.describeFirst && !q.cursorFn\n' +
          '    const alone = q.apart || q.options.onexecute\n' +
          '    joined = connection.joins && !alone && q.plain && last && last.plain && chunk && chunk.subarray(-Sync.length).equals(Sync) ? last : null\n' +
          '    joined && (chunk = chunk.subarray(0, -Sync.length), joined.joined = true)\n' +
          '    last = q\n  }\n' +
          '\n  function settle() {\n    query.resolve(results || result)\n' +
          '    query = results = null\n    result = new Result()\n    next()\n  }\n' +
          '\n  function next() {\n' +
          '    while (sent.length && (query = sent.shift()) && (query.active = true, query.cancelled))\n' +
          '      Connection(options).cancel(query.state, query.cancelled.resolve, query.cancelled.reject)\n  }\n' +
          '\n  function toBuffer(q) {\n',
        times: 1,
      },
      {
        from: '\n    if (fn || chunk.length >= 1024)\n',
        to: '\n    if (fn || chunk.length >= (connection.joins ? LARGE : 1024))\n',
        times: 1,
      },
      {
        from: '\n    while (sent.length && (query = sent.shift()) && (query.active = true, query.cancelled))\n      Connection(options).cancel(query.state, query.cancelled.resolve, query.cancelled.reject)\n\n    if (query)\n',
        to: '\n    next()\n    query || (last = null)\n\n    if (query)\n',
        times: 1,
      },
      {
        from: '\n      result.count && query.cursorFn(result)\n      write(Sync)\n    }\n',
        to:
          '\n      result.count && query.cursorFn(result)\n      write(Sync)\n    }\n\n' +
          '    query.joined && settle()\n',
        times: 1,
      },
      {
        from: '\n    query = results = errorResponse = null\n',
        to:
          '\n    if (query && errorResponse) {\n      query.options.onexecute && (unbegun = errorResponse)\n' +
          '      for (let q = query; q.joined && sent.length;)\n' +
          '        (q = sent.shift()).skipped = true, queryError(q, errorResponse)\n    }\n' +
          '\n    query = results = errorResponse = null\n    rows = 0\n',
        times: 1,
      },
      {
        from: '(connection.reserved = null, onopen(connection))',
        to: '(connection.reserved = unbegun = null, connection.joins = false, onopen(connection))',
        times: 1,
      },
      { from: '\n    /* noop */\n', to: '\n    query.joined && settle()\n', times: 1 },
      {
        from: '\n    final && (final(), final = null)\n',
        to: "\n    final && (final(), final = null)\n    result.command === 'BEGIN' && (unbegun = null)\n",
        times: 1,
      },
      // What cannot be written is refused itself, and not what is on its way; and what it was joined to ends there.
      {
        from: '\n      sent.length === 0 && write(Sync)\n',
        to:
          '\n      joined && (joined.joined = false, write(Sync))\n      joined = last = null\n' +
          '      if (query !== q)\n        return sent.remove(q), queryError(q, error), true\n' +
          '\n      sent.length === 0 && write(Sync)\n',
        times: 1,
      },
      {
        from: '\n    , final = null\n',
        to: '\n    , final = null\n    , last = null\n    , joined = null\n    , unbegun = null\n',
        times: 1,
      },
    ],
  },
]
