import * as v from 'valibot'

/** The body of a write that needs to be told nothing: absent or `{}`. */
export const EmptyBody = v.strictObject({}, 'must be an object')
