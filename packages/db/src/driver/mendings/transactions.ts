import type { Mending } from './mending.ts'

/**
 * A transaction waits for its `begin` before it sends anything else, and for all else before it sends its `commit`; and one whose
 * connection is lost goes on writing to it, its `rollback` first: that ends the process, from where nobody can catch it (#1154,
 * #1208), or runs inside of a later transaction on the same, reconnected connection.
 */
export const transactions: readonly Mending[] = [
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
