import { Problem, problem } from '@keepr/shared/problem'
import type { Hono } from 'hono'
import type { ApiEnv, Call } from './api.ts'
import { requireAcceptable } from './require-acceptable.ts'
import { leaveRoom } from './require-room.ts'
import { authenticate } from './authenticate.ts'
import { checkBody, parseBody, readJsonBytes } from './body.ts'
import { readKey } from './idempotency.ts'
import { maxJsonValues } from './max-json-values.ts'
import { limitRate } from './limit-rate.ts'
import { describe } from './openapi.ts'
import { answerError } from './problems.ts'
import { readQuery } from './query.ts'
import type { Route } from './route.ts'
import { keepRefusal } from './transact.ts'

const defaultBodyLimit = 64 * 1024

/** Serves the routes; a known path answers other methods with 405. */
export function mountRoutes(app: Hono<ApiEnv>, routes: readonly Route[]): void {
  // The most literal path first, or PUT /artifacts/x/versions would be taken for a version called "versions".
  const byPath = [...Map.groupBy(routes, ({ path }) => path)].toSorted(([a], [b]) => parameters(a) - parameters(b))
  for (const [path, known] of byPath) {
    for (const route of known) {
      // The description stands on the handler itself: as a middleware beside it, every request would go through it.
      const handler = Object.assign((c: Call) => serve(c, route), describe(route))
      app.on(route.method.toUpperCase(), [path], handler)
    }
    const allow = known
      .flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]))
      .join(', ')
    app.all(path, () => {
      throw problem('method-not-allowed', { detail: `This path knows ${allow}.`, headers: { allow } })
    })
  }
}

const parameters = (path: string): number => path.split('/:').length

/** One request in order: who, may it be answered, what is asked; then the route's own story. */
async function serve(c: Call, route: Route): Promise<Response> {
  try {
    if (!route.open) {
      await authenticate(c)
      await limitRate(c)
    }
    requireAcceptable(c, route.produces ?? ['application/json'])
    const query = readQuery(c, route)
    const body = await readBody(c, route)
    // SAFETY: query and body were made by this route's own schemas.
    return await route.handle(c, { query, body } as Parameters<Route['handle']>[1])
  } catch (error) {
    const kept = error instanceof Problem ? await keepRefusal(c, error) : undefined
    return kept ?? answerError(error, c)
  } finally {
    leaveRoom(c)
  }
}

async function readBody(c: Call, route: Route): Promise<unknown> {
  if (route.streamed) return undefined
  if (!route.body) {
    if (route.method !== 'get') c.set('keyed', readKey(c, undefined))
    return undefined
  }
  const { settings } = c.get('ctx')
  const bytes = await readJsonBytes(c, route, route.bodyLimit?.(c) ?? defaultBodyLimit)
  c.set('keyed', readKey(c, bytes))
  if (bytes === undefined) return checkBody({}, route.body)
  const limits = { maxDepth: settings.maxJsonDepth, around: 1, maxValues: maxJsonValues(c) }
  return parseBody(bytes, route.body, limits)
}
