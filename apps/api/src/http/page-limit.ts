import { LONGEST_PAGE } from '@keepr/db/longest-page'
import * as v from 'valibot'

const rule = `must be a number from 1 to ${LONGEST_PAGE}`

/** `limit`: how many items a page may have. */
export const PageLimit = v.optional(
  v.pipe(
    v.string(),
    v.metadata({ description: `How many items, ${LONGEST_PAGE} at most.` }),
    v.regex(/^[1-9]\d*$/u, rule),
    v.transform(Number),
    v.maxValue(LONGEST_PAGE, rule),
  ),
  '50',
)
