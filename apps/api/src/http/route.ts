import { problem, type ProblemCode } from '@keepr/shared/problem'
import { type GenericSchema, type InferOutput, UUID_REGEX } from 'valibot'
import type { Call } from './api.ts'
import type { RequestHeader, ResponseHeader } from './header-fields.ts'

type Schema = GenericSchema<unknown, unknown>
type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type Output<S extends Schema | undefined> = S extends Schema ? InferOutput<S> : undefined

export type AnswerSpec = {
  description: string
  schema?: Schema
  example?: unknown
  /** The media type of what is no JSON. */
  contentType?: string
  /** A media type that is answered instead of JSON to those who ask for it. */
  orAs?: string
  headers?: readonly ResponseHeader[]
}

/** What is known of a route before any request: it is checked, documented and listed from here. */
export type RouteSpec<
  Q extends Schema | undefined = Schema | undefined,
  B extends Schema | undefined = Schema | undefined,
> = {
  operationId: string
  method: Method
  /** In Hono's form, without a slash at the end; both forms are served. */
  path: string
  summary: string
  tag: 'artifacts' | 'events' | 'webhooks' | 'operations' | 'system'
  /** Open routes need no token. */
  open?: true
  query?: Q
  /** Query parameters that may be given several times; they arrive as lists. */
  repeatable?: readonly string[]
  /** Header fields that the route heeds, beside those that every route of its kind does. */
  heeds?: readonly RequestHeader[]
  body?: B
  bodyExample?: unknown
  /** An absent body counts as `{}`. */
  bodyOptional?: true
  /** Media types that are taken as JSON; `application/json` alone if left out. */
  bodyTypes?: readonly string[]
  /** The handler reads the body by itself (multipart). */
  streamed?: true
  /** How many bytes of JSON the route takes at most. */
  bodyLimit?: (c: Call) => number
  /** What it answers with; JSON only unless it says otherwise. */
  produces?: readonly string[]
  answers: Record<number, AnswerSpec>
  problems: readonly ProblemCode[]
}

export type Input<Q, B> = { query: Q; body: B }
export type Route = RouteSpec & { handle: (c: Call, input: Input<never, never>) => Promise<Response> | Response }

/** Declares a route: contract and handler in one place. */
export function route<const Q extends Schema | undefined = undefined, const B extends Schema | undefined = undefined>(
  spec: RouteSpec<Q, B>,
  handle: (c: Call, input: Input<Output<Q>, Output<B>>) => Promise<Response> | Response,
): Route {
  return { ...spec, handle }
}

/** A segment of the path, decoded. A name that cannot be one is simply not there. */
export function param(c: Call, name: string): string {
  const value = c.req.param(name)
  if (value === undefined || value.includes('\u0000')) throw problem('not-found')
  return value
}

/** The id in the path; what cannot be one is not there either. */
export function idParam(c: Call): string {
  const id = param(c, 'id')
  if (!UUID_REGEX.test(id)) throw problem('not-found')
  return id
}
