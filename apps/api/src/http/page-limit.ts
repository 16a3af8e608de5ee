import { LONGEST_PAGE } from '@keepr/db/longest-page'
import * as v from 'valibot'

const rule = `must be a number from 1 to ${LONGEST_PAGE}`

const limited = (toldAs: { description: string; default?: number }) =>
  v.pipe(
    v.string(),
    v.metadata({ toldAs: { ...toldAs, type: 'integer', minimum: 1, maximum: LONGEST_PAGE } }),
    v.regex(/^[1-9]\d*$/u, rule),
    v.transform(Number),
    v.maxValue(LONGEST_PAGE, rule),
  )

const most = `How many items, ${LONGEST_PAGE} at most; fewer where they are large: a page has about 1 MiB.`

/** `cursor`: where a page goes on. */
export const Cursor = v.pipe(
  v.optional(v.pipe(v.string('must be a string'), v.maxLength(2048, 'is not a cursor of this list'))),
  v.description('The `next_cursor` of the page before, asked for with the same filters.'),
)

/** `limit`: how many items a page may have. */
export const PageLimit = v.optional(limited({ description: most, default: 50 }), '50')

/** The same where all there is is the answer, unless a page is asked for. */
export const PageLimitIfAny = v.optional(limited({ description: `${most} All when left out.` }))
