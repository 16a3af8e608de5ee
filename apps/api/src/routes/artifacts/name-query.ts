import { TYPE_PATTERN } from '@keepr/shared/domain/naming'
import * as v from 'valibot'
import { Cursor, PageLimitIfAny } from '../../http/page-limit.ts'

const Type = v.pipe(v.string(), v.regex(TYPE_PATTERN, 'is not a type'))
/** Where `?type=` leaves out what is of other types. */
export const OnlyType = v.pipe(v.optional(Type), v.description('Only of this type.'))
/** `?type=` works on every route with a name. */
export const TypeParameter = v.pipe(
  v.optional(Type),
  v.description('The type of the artifact: needed where several types have the name (409 ambiguous-type).'),
)
/** `?content=false` leaves the content out. */
export const ContentParameter = v.optional(
  v.pipe(
    v.picklist(['true', 'false'], 'must be true or false'),
    v.metadata({
      toldAs: { description: 'Whether JSON and text content is in the answer.', type: 'boolean', default: true },
    }),
  ),
)

export const NameQuery = v.strictObject({ type: TypeParameter })
/** Of what belongs to a name: all of it, or in pages. */
export const PagesQuery = v.strictObject({ type: TypeParameter, limit: PageLimitIfAny, cursor: Cursor })
export const ReadQuery = v.strictObject({ type: TypeParameter, content: ContentParameter })
