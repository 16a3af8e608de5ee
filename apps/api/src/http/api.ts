import type { HttpBindings } from '@hono/node-server'
import type { Actor } from '@keepr/shared/domain/actor'
import type { Context as HonoContext } from 'hono'
import type { Context } from '../context.ts'

/** A request that carries an Idempotency-Key: whose it is, and the fingerprint of what is asked. */
export type Keyed = { group_id: string; user_id: string; route: string; key: string; requestHash: string }

export type ApiEnv = {
  Bindings: HttpBindings
  Variables: {
    ctx: Context
    requestId: string
    /** Header fields of the response to come (respond.ts). */
    fields: Record<string, string> | undefined
    /** Set on every route but the open ones. */
    actor: Actor
    /** When the caller's token ends, in milliseconds: live streams end then. */
    tokenExpiresAt: number
    /** Set when the request carries an Idempotency-Key. */
    keyed: Keyed | undefined
    /** Set while the bytes of a large body are held: gives their room back. */
    leaveRoom: (() => void) | undefined
  }
}

/** One request, with what the middlewares know of it. */
export type Call = HonoContext<ApiEnv>
