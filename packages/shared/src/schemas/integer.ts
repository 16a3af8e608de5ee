import * as v from 'valibot'

/** A whole number, as those are that something is counted or measured by. */
export const Integer = v.pipe(v.number(), v.integer())
