/** What a caller may be, weakest first. `operator` runs the product and by itself reads no artifact. */
export const ROLES = ['consumer', 'author', 'admin', 'operator'] as const
export type Role = (typeof ROLES)[number]

const INCLUDES: Record<Role, readonly Role[]> = {
  consumer: ['consumer'],
  author: ['author', 'consumer'],
  admin: ['admin', 'author', 'consumer'],
  operator: ['operator'],
}

/** All roles that the given ones amount to: an admin is an author, an author is a consumer. */
export function expandRoles(roles: readonly Role[]): readonly Role[] {
  const held = new Set(roles.flatMap((role) => INCLUDES[role]))
  return ROLES.filter((role) => held.has(role))
}

const isRole = (value: unknown): value is Role => ROLES.some((role) => role === value)

/** True for expanded and for plain role lists, so that a forgotten expansion never narrows or widens anything. */
export const hasRole = (roles: readonly Role[], role: Role): boolean =>
  roles.some((held) => INCLUDES[held].includes(role))

/**
 * The roles that a token's claim gives. Absent: the configured default. Present without any known value (also when it
 * is not a list of strings at all): the weakest role, so that a mistyped claim never grants more than reading.
 */
export function rolesFromClaim(claim: unknown, whenAbsent: Role): readonly Role[] {
  if (claim === undefined) return expandRoles([whenAbsent])
  const values: readonly unknown[] = Array.isArray(claim)
    ? claim
    : typeof claim === 'string'
      ? claim.split(/[\s,]+/u)
      : []
  const known = values.filter(isRole)
  return expandRoles(known.length > 0 ? known : ['consumer'])
}
