import { TYPE_PATTERN } from '@keepr/shared/domain/naming'
import * as v from 'valibot'
import { PageLimitIfAny } from '../../http/page-limit.ts'

/** `?type=` works on every route with a name. */
export const TypeParameter = v.optional(v.pipe(v.string(), v.regex(TYPE_PATTERN, 'is not a type')))
/** `?content=false` leaves the content out. */
export const ContentParameter = v.optional(
  v.pipe(
    v.picklist(['true', 'false'], 'must be true or false'),
    v.metadata({ toldAs: { type: 'boolean', default: true } }),
  ),
)

export const CursorParameter = v.optional(v.pipe(v.string(), v.maxLength(2048, 'is not a cursor of this list')))

export const NameQuery = v.strictObject({ type: TypeParameter })
/** Of what belongs to a name: all of it, or in pages. */
export const PagesQuery = v.strictObject({ type: TypeParameter, limit: PageLimitIfAny, cursor: CursorParameter })
export const ReadQuery = v.strictObject({ type: TypeParameter, content: ContentParameter })
