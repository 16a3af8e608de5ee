import { problem } from '@keepr/shared/problem'
import { accepts } from 'hono/accepts'
import type { Call } from './api.ts'

/** Refuses a caller who accepts none of the media types that there are. */
export function requireAcceptable(c: Call, produces: readonly string[]): void {
  const header = c.req.header('accept')
  // Who sends an empty one accepts anything, as who sends none.
  if (!header?.trim() || header === '*/*' || produces.includes('*/*')) return
  const none = 'none/none'
  const chosen = accepts(c, {
    header: 'Accept',
    supports: [...produces],
    default: none,
    match: (wanted, { supports }) =>
      wanted
        .filter(({ q }) => q > 0)
        .flatMap(({ type }) => supports.filter((offered) => fits(type.toLowerCase(), offered)))[0] ?? none,
  })
  if (chosen === none) throw problem('not-acceptable', { detail: `The answer is ${produces.join(' or ')}.` })
}

const fits = (range: string, offered: string): boolean =>
  range === '*/*' || range === offered || (range.endsWith('/*') && offered.startsWith(range.slice(0, -1)))
