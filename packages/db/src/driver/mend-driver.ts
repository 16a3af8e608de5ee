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
 * And what it does wrong when a query fails after some of its rows: the next result begins with as many holes.
 * And what it does wrong when a table was changed meanwhile: a statement whose plan does not fit any more is sent again behind
 * others that are on their way, and takes the answers that are for them. Here it fails, and who knows that nothing was kept
 * asks again (transaction.ts, connect.ts).
 * And what it does at a cost: content travels as hexadecimal text that is made and copied again on its way, so that 30 MB took
 * 300 to 400 MB of memory. Here bytes go and come as bytes: no copy of what is large is made to be sent, none of what has come.
 * And a transaction waits for its `begin` before it sends anything else, and for all else before it sends its `commit`.
 * And each of its statements asks to be answered at once (Sync), so that each is an answer of its own to send, to wake up for and to
 * read. What leaves together within a transaction is answered together: where one fails, the server skips the rest, and it is told so.
 * And a query that is over, with all of its rows, outlives each collection of young objects, for the sake of two functions that
 * it holds as properties of its own: a third of the time of reads went into copying what nobody needs. They are methods here.
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
        to: '\n    query = last = unbegun = null\n    rows = 0\n    connection.joins = false\n    closedTime = performance.now()\n',
        times: 1,
      },
      // A statement that the server does not know any more, or knows otherwise, is forgotten and told as failed: written again where
      // others were sent since, it would be given their answers, and they its; and behind a commit it would run alone.
      {
        from: '\n            ? retry(query, errorResponse)\n',
        to: '\n            ? (delete statements[query.signature], errored(errorResponse))\n',
        times: 1,
      },
      // Parameters that are bytes are written as they are, in the binary format of their type.
      {
        from: '.i16(0).i16(parameters.length)\n',
        to: '\n    formats(parameters.map((x, i) => isBytes(x, types[i])))\n    b.i16(parameters.length)\n',
        times: 1,
      },
      {
        from: '\n      type = types[i]\n',
        to: '\n      if (isBytes(x, types[i]))\n        return b.i32(x.length).bytes(x)\n\n      type = types[i]\n',
        times: 1,
      },
      // Columns of bytes are asked for in that format too, as soon as it is known which these are.
      {
        from: '\nlet uid = 1\n',
        to:
          '\nlet uid = 1\nconst BYTEA = 17, LARGE = 65536\n' +
          'const isBytes = (x, type) => type === BYTEA && x instanceof Uint8Array\n' +
          'const formats = xs => xs.includes(true) ? (b.i16(xs.length), xs.forEach(x => b.i16(x ? 1 : 0))) : b.i16(0)\n',
        times: 1,
      },
      { from: "statement = '', portal = '') {", to: "statement = '', portal = '', columns) {", times: 1 },
      {
        from: '\n    b.i16(0)\n\n    return b.end()\n',
        to: '\n    formats(columns.map(x => x.type === BYTEA))\n\n    return b.end()\n',
        times: 1,
      },
      {
        from:
          '\n    return Buffer.concat([\n      Bind(q.parameters, q.statement.types, q.statement.name, q.cursorName),\n' +
          "      q.cursorFn\n        ? Execute('', q.cursorRows)\n        : ExecuteUnnamed\n    ])\n",
        to:
          '\n    const columns = q.statement.columns || []\n    q.binary = columns.some(x => x.type === BYTEA)\n' +
          '    const bind = Bind(q.parameters, q.statement.types, q.statement.name, q.cursorName, columns)\n' +
          "    const run = q.cursorFn ? Execute('', q.cursorRows) : ExecuteUnnamed\n" +
          '    let from = 0\n' +
          '    bind.apart && bind.apart.forEach(([at, x]) => (write(bind.subarray(from, at)), write(x), from = at))\n' +
          '    const rest = bind.subarray(from)\n' +
          '    return rest.length > LARGE ? (write(rest), run) : Buffer.concat([rest, run])\n',
        times: 1,
      },
      {
        from: '\n    query.describeFirst && !query.onlyDescribe && (write(prepared(query)), query.describeFirst = false)\n',
        to: '\n',
        times: 1,
      },
      {
        from: '\n      return (query.resolve(query.statement), write(Sync))\n',
        to:
          '\n      return (query.resolve(query.statement), write(Sync))\n' +
          // What is described behind a `begin` that failed is not run: it would be alone.
          '    query.describeFirst && (unbegun ? (query.reject(unbegun), write(Sync)) : write(prepared(query)), query.describeFirst = false)\n',
        times: 2,
      },
      {
        from: '\n          : column.parser === undefined\n',
        to:
          '\n          : query.binary && column.type === BYTEA\n' +
          // What is small is copied: it would keep all that came with it.
          '            ? (value = x.subarray(index, index += length), length > LARGE ? value : Buffer.from(value))\n' +
          '          : column.parser === undefined\n',
        times: 1,
      },
      // Within a transaction, what was not sent yet is joined by what follows: one Sync is behind all of it.
      { from: '\n      build(q)\n', to: '\n      build(q)\n      join(q)\n', times: 1 },
      {
        from: '\n  function toBuffer(q) {\n',
        to:
          '\n  function join(q) {\n' +
          '    q.plain = !q.options.simple && !q.describeFirst && !q.cursorFn\n' +
          '    joined = connection.joins && q.plain && last && last.plain && chunk && chunk.subarray(-Sync.length).equals(Sync) ? last : null\n' +
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
      // A connection that waits does not hold on to the last large message that it read.
      {
        from: '\n      remaining = 0\n      incomings = null\n    }\n',
        to: '\n      remaining = 0\n      incomings = null\n    }\n    incoming.length === 0 && (incoming = Buffer.alloc(0))\n',
        times: 1,
      },
      // What is large is neither copied to be written nor joined with what waits to be.
      {
        from: '\n    chunk = chunk ? Buffer.concat([chunk, x]) : Buffer.from(x)\n',
        to:
          '\n    x.length > LARGE && chunk && nextWrite()\n' +
          '    chunk = chunk ? Buffer.concat([chunk, x]) : x.length > LARGE ? x : Buffer.from(x)\n',
        times: 1,
      },
    ],
  },
  {
    file: '/postgres/src/query.js',
    changes: [
      {
        from:
          '\n    this.resolve = x => (this.active = false, resolve(x))\n' +
          '    this.reject = x => (this.active = false, reject(x))\n',
        to: '\n    this.fulfil = resolve\n    this.refuse = reject\n',
        times: 1,
      },
      {
        from: '\n  get origin() {\n',
        to:
          '\n  resolve(x) {\n    this.active = false\n    this.fulfil(x)\n  }\n' +
          '\n  reject(x) {\n    this.active = false\n    this.refuse(x)\n  }\n' +
          '\n  get origin() {\n',
        times: 1,
      },
    ],
  },
  {
    file: '/postgres/src/bytes.js',
    changes: [
      // What is large stands apart, and is sent from where it is.
      {
        from: '\n  i16(x) {\n',
        to:
          '\n  bytes(x) {\n    if (x.length > LARGE)\n      return apart.push([b.i, x]), lengthApart += x.length, b\n' +
          '    fit(x.length + size)\n    buffer.set(x, b.i)\n    b.i += x.length\n    return b\n  },\n  i16(x) {\n',
        times: 1,
      },
      {
        from: '\nlet buffer = Buffer.allocUnsafe(size)\n',
        to: '\nconst LARGE = 65536\nlet buffer = Buffer.allocUnsafe(size), apart = [], lengthApart = 0\n',
        times: 1,
      },
      {
        from: '\n    buffer.writeUInt32BE(b.i - at, at)\n    const out = buffer.subarray(0, b.i)\n',
        to:
          '\n    buffer.writeUInt32BE(b.i + lengthApart - at, at)\n    const out = buffer.subarray(0, b.i)\n' +
          '    apart.length > 0 && (out.apart = apart)\n',
        times: 1,
      },
      // A message that was given up half-way leaves nothing to the next one.
      {
        from: '\nfunction reset() {\n  b.i = 0\n',
        to: '\nfunction reset() {\n  b.i = lengthApart = 0\n  apart.length > 0 && (apart = [])\n',
        times: 1,
      },
    ],
  },
  {
    file: '/postgres/src/index.js',
    changes: [
      // `begin` travels with the statements that follow it: one round trip less. What fails it fails them too.
      {
        from: "\n      await sql.unsafe('begin ' + options.replace(/[^a-z ]/ig, ''), [], { onexecute }).execute()\n",
        to:
          "\n      const begun = sql.unsafe('begin ' + options.replace(/[^a-z ]/ig, ''), [], { onexecute, simple: false, prepare: false }).execute()\n" +
          '      begun.catch(e => { lost = unbegun = e; while (queries.length) queries.shift().reject(e) })\n' +
          '      await Promise.race([begun, new Promise(resolve => onsent = resolve)])\n' +
          '      connection.queue === full && move(connection, reserved)\n',
        times: 1,
      },
      {
        from: '\n    function onexecute(c) {\n      connection = c\n',
        to: '\n    function onexecute(c) {\n      connection = c\n      c.joins = true\n      onsent()\n',
        times: 1,
      },
      // `commit` may be sent behind the last statements, before their answers are there: another round trip less. It is sent
      // once all that was asked for in this turn is, as a query leaves some promises after it is awaited.
      {
        from: '\n      sql.savepoint = savepoint\n',
        to:
          '\n      sql.savepoint = savepoint\n' +
          '      sql.commit = () => (committed = new Promise((resolve, reject) =>\n' +
          '        queueMicrotask(() => process.nextTick(() => endWith(sql`commit`, resolve, reject))))).catch(() => {})\n' +
          // What the server has skipped left the transaction open.
          '      const endWith = (q, resolve, reject) => q.then(resolve, e =>\n' +
          '        q.skipped ? sql`rollback`.then(() => reject(e), () => reject(e)) : reject(e))\n',
        times: 1,
      },
      {
        from: '\n          : sql`rollback`\n',
        to: '\n          : committed ? committed.catch(() => {}) : sql`rollback`\n',
        times: 1,
      },
      {
        from: ': await sql`commit`\n      }\n',
        to: ': await (committed || sql`commit`)\n        if (unbegun)\n          throw unbegun\n      }\n',
        times: 1,
      },
      {
        from: '\n      , prepare = null\n',
        to: '\n      , prepare = null\n      , lost = null\n      , unbegun = null\n      , onsent = null\n      , committed = null\n',
        times: 1,
      },
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
