import type { Mending } from './mending.ts'

/**
 * Content travels as hexadecimal text that is made and copied again on its way, so that 30 MB took 300 to 400 MB of memory. Here bytes
 * go and come as bytes: no copy of what is large is made to be sent, none of what has come.
 */
export const bytes: readonly Mending[] = [
  {
    file: '/postgres/src/connection.js',
    changes: [
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
]
