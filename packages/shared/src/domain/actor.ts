import type { Role } from './role.ts'

/** Who does a request: taken from the verified token, never from what the client sends besides it. */
export type Actor = { userId: string; groupId: string; roles: readonly Role[] }

const SERVICES = ['api', 'validation-worker', 'webhook-worker', 'maintenance'] as const
export type ServiceName = (typeof SERVICES)[number]

/** The name under which a service writes events: `system:validation-worker`. */
export const systemActor = (service: ServiceName): `system:${ServiceName}` => `system:${service}`

/** A token may not claim to be a service: such a user id is refused where tokens are read. */
export const looksLikeSystemActor = (userId: string): boolean => userId.startsWith('system:')
