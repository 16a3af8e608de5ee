import { fc } from '@fast-check/vitest'
import { anyText } from './json-values.ts'
import { nowAndThen } from './now-and-then.ts'
import { spoiled } from './spoiled.ts'
import { type Known, type Schema, valueOf } from './value-of.ts'

type Parameter = {
  name: string
  in: 'query' | 'path' | 'header'
  required?: boolean
  schema: Schema
  example?: unknown
}
export type Operation = {
  operationId: string
  parameters?: Parameter[]
  requestBody?: { required?: boolean; content: Record<string, { schema: Schema; example?: unknown }> }
}
export type Described = { method: string; path: string; operation: Operation }
export type FuzzRequest = {
  operationId: string
  method: string
  path: string
  headers: Record<string, string>
  body?: string
  as: number
}

/** Names, versions and types that are there, so that requests reach the stories behind the checks. */
const there = {
  name: fc.constantFrom('greeting', 'sketch', 'note', 'weights', 'shared', 'fresh', 'numbered'),
  type: fc.constantFrom('prompt', 'note', 'blob', 'numbered', 'semantic', 'shaped', 'checked', 'closed'),
  version: fc.oneof(
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 4 }).map(String),
    fc.constantFrom('0.1.0', '1.0.0-rc.1'),
  ),
}
const headerValues: Record<string, fc.Arbitrary<string>> = {
  prefer: fc.constantFrom('wait=0', 'wait=x', 'respond-async', 'wait=0, handling=strict', 'wait=-1'),
  'if-match': fc.constantFrom('*', '"x"', 'W/"x"', 'x', '"a", "b"'),
  'if-none-match': fc.constantFrom('*', '"x"', 'W/"x"', ''),
  range: fc.constantFrom('bytes=0-3', 'bytes=-2', 'bytes=9-1', 'bytes=0-0,2-3', 'bytes=99999-', 'lines=1'),
  'if-range': fc.constantFrom('"x"', 'W/"x"'),
  'last-event-id': fc.constantFrom('1', 'x', '99999999999999999999'),
  accept: fc.constantFrom('application/json', '*/*', 'image/png', 'text/event-stream;q=0', 'application/*;q=0.1'),
}

/** Requests for one operation: valid ones, near-valid ones, and some of anybody's and nobody's making. */
export function requestsFor(
  { method, path, operation }: Described,
  ids: readonly string[],
  callers: number,
): fc.Arbitrary<FuzzRequest> {
  const known: Known = {
    ...there,
    id: fc.constantFrom(...ids),
    to_version: there.version,
    from: there.version,
    to: there.version,
    content: fc.oneof(fc.constantFrom<unknown>('text', { a: 'x', b: 1 }, [1]), fc.jsonValue()),
    content_base64: fc.base64String({ maxLength: 40 }),
    plan_id: fc.constantFrom(...ids),
    metadata: fc.record(
      { tags: fc.array(anyText, { maxLength: 3 }), category: anyText, note: fc.jsonValue() },
      { requiredKeys: [] },
    ),
  }
  const parameters = operation.parameters ?? []
  const pathValues = fc.record(
    Object.fromEntries(
      parameters.filter((one) => one.in === 'path').map(({ name }) => [name, text(known[name] ?? anyText)]),
    ),
  )
  const query = parameters.filter((one) => one.in === 'query')
  const queryValues = nowAndThen(
    Object.fromEntries(query.map(({ name, schema }) => [name, text(valueOf(schema, known, name))])),
    query.filter(({ required }) => required).map(({ name }) => name),
  )
  const stray = fc.oneof(
    { weight: 15, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.tuple(anyText, anyText) },
  )
  const fields = [...parameters.filter((one) => one.in === 'header').map(({ name }) => name.toLowerCase()), 'accept']
  const headers = nowAndThen(Object.fromEntries(fields.map((name) => [name, headerValues[name] ?? fc.uuid()])))
  const as = fc.nat({ max: callers - 1 })
  return fc
    .tuple(pathValues, queryValues, stray, headers, bodyOf(operation, known), as)
    .map(([segments, asked, extra, sent, body, as]) => {
      const search = new URLSearchParams(asked)
      if (extra) search.append(extra[0].toWellFormed(), extra[1].toWellFormed())
      const filled = path.replaceAll(
        /\{(\w+)\}/gu,
        (_all, name: string) => encodeURIComponent((segments[name] ?? 'x').toWellFormed()) || '%20',
      )
      return {
        operationId: operation.operationId,
        method: method.toUpperCase(),
        path: search.size === 0 ? filled : `${filled}?${search.toString()}`,
        headers: { ...sent, ...(body === undefined ? {} : { 'content-type': body.type }) },
        ...(body === undefined ? {} : { body: body.text }),
        as,
      }
    })
}

const text = (values: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 8, arbitrary: values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))) },
    { weight: 1, arbitrary: anyText },
  )

function bodyOf({ requestBody }: Operation, known: Known): fc.Arbitrary<{ type: string; text: string } | undefined> {
  if (!requestBody) return fc.constant(undefined)
  const kinds = Object.entries(requestBody.content).filter(([type]) => type.endsWith('json'))
  const described = kinds.map(([type, { schema, example }]) =>
    spoiled(
      fc.oneof({ weight: 4, arbitrary: valueOf(schema, known) }, { weight: 1, arbitrary: fc.constant(example ?? {}) }),
    ).map((value) => ({ type, text: JSON.stringify(value) ?? '' })),
  )
  const odd = fc.tuple(fc.constantFrom('application/json', 'text/plain', 'multipart/form-data; boundary=x'), anyText)
  const bodies = fc.oneof(
    ...described.map((arbitrary) => ({ weight: 8, arbitrary })),
    { weight: 1, arbitrary: odd.map(([type, text]) => ({ type, text })) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  )
  // A body of no bytes is none.
  return bodies.map((body) => (body?.text === '' ? undefined : body))
}
