import type { Mending } from './mending.ts'

/**
 * A transaction waits for its `begin` before it sends anything else, and for all else before it sends its `commit`; and one whose
 * connection is lost goes on writing to it, its `rollback` first: that ends the process, from where nobody can catch it (#1154,
 * #1208), or runs inside of a later transaction on the same, reconnected connection.
 *
 * And one waits for the answers of the one before it. Of a lane (transaction.ts) each is sent on the same connection as soon as the one
 * ahead has sent its `commit`, so that the server goes on with it at once. That commit is answered by itself, so that it is never skipped:
 * where something failed it is the rollback, and what comes behind it begins on its own.
 */
export const transactions: readonly Mending[] = [
  {
    file: '/postgres/src/connection.js',
    changes: [
      // Two of a lane may be under way on a connection: both learn that it is lost.
      {
        from: '\n    queue: queues.closed,\n',
        to: '\n    queue: queues.closed,\n    holders: new Set(),\n',
        times: 1,
      },
    ],
  },
  {
    file: '/postgres/src/index.js',
    changes: [
      {
        from: '\n  async function begin(options, fn) {\n',
        to: '\n  async function begin(options, fn, lane) {\n',
        times: 1,
      },
      {
        from: '\n    let savepoints = 0\n',
        to:
          '\n    let handOver = () => {}\n    const before = lane && lane.last\n' +
          '    lane && (lane.last = new Promise(resolve => handOver = resolve))\n' +
          '    let ahead = before && await before\n' +
          '    let savepoints = 0\n',
        times: 1,
      },
      // `begin` travels with the statements that follow it: one round trip less. What fails it fails them too.
      {
        from: "\n      await sql.unsafe('begin ' + options.replace(/[^a-z ]/ig, ''), [], { onexecute }).execute()\n",
        to:
          "\n      const begun = (ahead ? Sql(follow) : sql).unsafe('begin ' + options.replace(/[^a-z ]/ig, ''), [], { onexecute, simple: false, prepare: false }).execute()\n" +
          '      begun.catch(e => { lost = unbegun = e; while (queries.length) queries.shift().reject(e) })\n' +
          '      await Promise.race([begun, new Promise(resolve => onsent = resolve)])\n' +
          '      connection.queue === full && move(connection, reserved)\n',
        times: 1,
      },
      // The connection is that of the one ahead as long as its `commit` is not answered, and somebody else's in that very moment. Where others
      // wait for a connection, a lane gives its own back.
      {
        from: '\n  function go(c, query) {\n',
        to: '\n  function othersWait() {\n    return queries.length > 0\n  }\n\n  function go(c, query) {\n',
        times: 1,
      },
      {
        from: '\n    function onexecute(c) {\n      connection = c\n',
        to:
          '\n    function follow(q) {\n      ahead.commit.over || ending || othersWait()\n        ? handler(q)\n' +
          '        : (ahead.connection.execute(q), connection || q.over || onexecute(ahead.connection))\n' +
          '      ahead = null\n    }\n' +
          '\n    function onexecute(c) {\n      connection = c\n      c.joins = true\n      onsent()\n',
        times: 1,
      },
      // `commit` may be sent behind the last statements, before their answers are there: another round trip less. It is sent
      // once all that was asked for in this turn is, as a query leaves some promises after it is awaited.
      {
        from: '\n      sql.savepoint = savepoint\n',
        to:
          '\n      sql.savepoint = savepoint\n' +
          '      sql.commit = () => (committed ||= new Promise((resolve, reject) =>\n' +
          '        queueMicrotask(() => process.nextTick(() => endWith(ended(), resolve, reject))))).catch(() => {})\n' +
          // What could not be written is not part of it: none of it is kept.
          '      const ended = () => last = Object.assign(uncaughtError ? sql`rollback` : sql`commit`, { apart: !!lane })\n' +
          // What the server has skipped left the transaction open.
          '      const endWith = (q, resolve, reject) => q.then(resolve, e =>\n' +
          '        q.skipped ? (last = sql`rollback`).then(() => reject(e), () => reject(e)) : reject(e))\n',
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
        to: '\n      , prepare = null\n      , lost = null\n      , unbegun = null\n      , onsent = null\n      , committed = null\n      , last = null\n      , lose = null\n',
        times: 1,
      },
      {
        from: 'new Promise((_, reject) => connection.onclose = reject)',
        to: 'new Promise((_, reject) => connection.holders.add(lose = e => (lost = e, reject(e))))',
        times: 1,
      },
      {
        from: '\n    c.onclose && (c.onclose(e), c.onclose = null)\n',
        to: '\n    c.holders.forEach(lose => lose(e))\n    c.holders.clear()\n',
        times: 1,
      },
      {
        from: '\n    } catch (error) {\n      throw error\n    }\n',
        to: '\n    } finally {\n      handOver()\n      connection && connection.holders.delete(lose)\n    }\n',
        times: 1,
      },
      {
        from: '\n          : c.execute(q) || move(c, full)\n',
        to: '\n          : (c.execute(q) || move(c, full), q === last && handOver({ connection: c, commit: q }))\n',
        times: 1,
      },
      {
        from: '\n        q.catch(e => uncaughtError || (uncaughtError = e))\n',
        to:
          '\n        q.catch(e => uncaughtError || (uncaughtError = e))\n        if (lost)\n          return q.reject(lost)\n' +
          // Behind the commit of a lane comes somebody else's transaction.
          "        if (last && q !== last)\n          return q.reject(Errors.generic('TRANSACTION_ENDED', 'its commit was sent'))\n",
        times: 1,
      },
    ],
  },
]
