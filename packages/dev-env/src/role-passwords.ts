import { createHmac } from 'node:crypto'
import { serviceRoles, type ServiceRole } from '@keepr/db/migrate'

/**
 * The passwords of the services' roles, derived from the administrator's: roles belong to the whole server, so every
 * instance beside this one that uses the same server must come to the same passwords.
 */
export function rolePasswords(adminUrl: string): Record<ServiceRole, string> {
  const { username, password } = new URL(adminUrl)
  const entries = serviceRoles.map((role) => [role, derive(`${username}:${password}`, role)])
  // SAFETY: one entry for each role of the list that the type is made from.
  return Object.fromEntries(entries) as Record<ServiceRole, string>
}

const derive = (secret: string, role: string) => createHmac('sha256', secret).update(role).digest('base64url')
