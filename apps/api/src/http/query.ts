import { isUtf8 } from 'node:buffer'
import type { Offence } from '@keepr/shared/domain/offence'
import { problem } from '@keepr/shared/problem'
import * as v from 'valibot'
import type { Call } from './api.ts'
import { offenceDetail } from './offence-detail.ts'
import type { RouteSpec } from './route.ts'
import { unknownKeys } from './unknown-keys.ts'

const none = v.strictObject({})
const unknownParameter = 'is not a parameter of this route'

/** The validated query of a request: unknown parameters, repeated ones and wrong values are all told at once. */
export function readQuery(c: Call, { query = none, repeatable = [] }: RouteSpec): unknown {
  const given = new Map<string, string[]>()
  const { url } = c.req
  const search = url.includes('?') ? queryOf(url) : [] // most reads ask nothing
  for (const [name, value] of search) given.set(name, [...(given.get(name) ?? []), value])
  const offences: Offence[] = []
  const values: Record<string, unknown> = Object.create(null)
  for (const [name, list] of given) {
    if (list.some((value) => value.includes('\ufffd')) && !isEscapedUtf8(url))
      throw problem('malformed-request', { detail: 'The query is not in UTF-8.' })
    if (list.some((value) => value.includes('\u0000'))) offences.push(offence(name, 'contains U+0000'))
    if (!repeatable.includes(name) && list.length > 1) offences.push(offence(name, 'is given several times'))
    values[name] = repeatable.includes(name) ? list : list[0]
  }
  for (const name of unknownKeys(values, query)) offences.push(offence(name, unknownParameter))
  const result = v.safeParse(query, { ...values })
  for (const issue of result.issues ?? []) {
    const [name = ''] = (issue.path ?? []).map(({ key }) => String(key))
    const detail = offenceDetail(issue, unknownParameter)
    // Several rules may say the same of one value.
    if (!offences.some((told) => told.parameter === name && told.detail === detail))
      offences.push(offence(name, detail))
  }
  if (offences.length > 0) throw problem('validation-error', { errors: offences })
  return result.output
}

/** What stands behind the path of a URL; the URL itself need not be read for it. */
export const queryOf = (url: string): URLSearchParams => {
  const [, query = ''] = /^[^?#]*\?([^#]*)/u.exec(url) ?? []
  return new URLSearchParams(query)
}

/** What is none is read as U+FFFD, and would be searched for as such. */
const isEscapedUtf8 = (url: string): boolean =>
  (url.match(/(?:%[\da-f]{2})+/giu) ?? []).every((bytes) => isUtf8(Buffer.from(bytes.replaceAll('%', ''), 'hex')))

const offence = (parameter: string, detail: string): Offence => ({ pointer: '', parameter, detail })
