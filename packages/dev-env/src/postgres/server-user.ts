import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname } from 'node:path'

/** How PostgreSQL's programs are started, which refuse to run as root. */
export type ServerUser = { prefix: string[]; uid?: number; gid?: number }

/**
 * Not root: as whoever starts it. Root: as the user `postgres` (made if missing) where that user can reach the folders,
 * else in a user namespace in which root is somebody else, so that a clone below /root works too.
 */
export function serverUser(folders: string[]): ServerUser {
  if (process.getuid?.() !== 0) return { prefix: [] }
  if (!folders.every(everybodyMayPass))
    return { prefix: ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--'] }
  const uid = postgresId('-u') ?? makePostgresUser()
  return { prefix: [], uid, gid: postgresId('-g') ?? uid }
}

function everybodyMayPass(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at, { throwIfNoEntry: false })?.mode ?? 0o1) % 2 === 0) return false
    if (at === dirname(at)) return true
  }
}

function postgresId(flag: '-u' | '-g'): number | undefined {
  try {
    return Number(execFileSync('id', [flag, 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString())
  } catch {
    return undefined // there is no such user yet
  }
}

function makePostgresUser(): number {
  execFileSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'], { stdio: 'ignore' })
  const uid = postgresId('-u')
  if (uid === undefined) throw new Error('the user postgres could not be made: start as another user than root')
  return uid
}
