import { TYPE_PATTERN } from '@keepr/shared/domain/naming'
import * as v from 'valibot'

/** `?type=` works on every route with a name. */
export const TypeParameter = v.optional(v.pipe(v.string(), v.regex(TYPE_PATTERN, 'is not a type')))
/** `?content=false` leaves the content out. */
export const ContentParameter = v.optional(v.picklist(['true', 'false'], 'must be true or false'))

export const NameQuery = v.strictObject({ type: TypeParameter })
export const ReadQuery = v.strictObject({ type: TypeParameter, content: ContentParameter })
