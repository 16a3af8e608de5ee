import { execFileSync, spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname } from 'node:path'

/** How PostgreSQL's programs are started, which refuse to run as root. */
export type ServerUser = { prefix: string[]; uid?: number; gid?: number }

/**
 * Not root: as whoever starts it. Root: as the user `postgres` (made if missing) where that user can reach the folders.
 * Below /root nobody else can, and there it is a user namespace in which root is somebody else.
 */
export function serverUser(folders: string[]): ServerUser {
  if (process.getuid?.() !== 0) return { prefix: [] }
  if (folders.every(everybodyMayPass)) {
    const uid = postgresId('-u') ?? makePostgresUser()
    return { prefix: [], uid, gid: postgresId('-g') ?? uid }
  }
  const prefix = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--']
  // Containers often forbid it.
  if (works([...prefix, 'true'])) return { prefix }
  throw new Error(
    `PostgreSQL does not run as root, and other users cannot enter ${folders.find((folder) => !everybodyMayPass(folder))}: ` +
      'start as another user, or move the clone and KEEPR_DATA_DIR out of folders that only root may enter',
  )
}

const works = ([program = '', ...args]: string[]) => spawnSync(program, args, { stdio: 'ignore' }).status === 0

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
  const made = works(['useradd', '--system', '--user-group', '--no-create-home', 'postgres'])
  const uid = made ? postgresId('-u') : undefined
  if (uid === undefined)
    throw new Error(
      'the user postgres, as whom PostgreSQL would run, could not be made: start as another user than root',
    )
  return uid
}
