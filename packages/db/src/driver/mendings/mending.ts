/** A file of postgres.js 3.4.9 and what is changed in it: each text stands there exactly so many times. */
export type Mending = { file: string; changes: readonly { from: string; to: string; times: number }[] }
