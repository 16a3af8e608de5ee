import type { Mending } from './mending.ts'

/**
 * A query that is over, with all of its rows, outlives each collection of young objects, for the sake of two functions that it
 * holds as properties of its own: a third of the time of reads went into copying what nobody needs. They are methods here.
 */
export const queries: readonly Mending[] = [
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
          '\n  resolve(x) {\n    this.active = false\n    this.over = true\n    this.fulfil(x)\n  }\n' +
          '\n  reject(x) {\n    this.active = false\n    this.over = true\n    this.refuse(x)\n  }\n' +
          '\n  get origin() {\n',
        times: 1,
      },
    ],
  },
]
