import { execFile } from 'node:child_process'
import { chownSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { connectMaintenance } from '@keepr/db/connect-maintenance'
import { postgres } from '@keepr/db/driver/postgres'
import { verify } from '@keepr/db/verify/verify'
import { root } from '@keepr/dev-env/data-dir'
import { developmentToken } from '@keepr/dev-env/development-token'
import { startPostgres } from '@keepr/dev-env/embedded-postgres'
import { freePort } from '@keepr/dev-env/free-port'
import { startNetwork } from '@keepr/dev-env/network'
import '@keepr/dev-env/testing/database' // declares what inject() gives
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import type { Sql } from 'postgres'
import { expect, inject, test } from 'vitest'
import { type FilledNetwork, startFilledNetwork } from './filled-network.ts'

const redisUrl = inject('redisUrl') ?? undefined

type Accepted = { id: string; name: string; content_hash: string }

/**
 * The drill of docs/backup.md: a base backup while submissions come in, then recovery to a point in time on a fresh cluster.
 * The queue's Redis is the one that went on, so it is newer than the database; without Redis the queue is restored too.
 */
test('a database restored to a moment of its life goes on: nothing accepted before is missing, nothing is told out of order', async () => {
  const first = await startFilledNetwork(redisUrl)
  const restoredDir = `${first.dataDir}-restored`
  const archive = `${first.dataDir}-wal`
  const stack = new AsyncDisposableStack()
  try {
    const load = underLoad(first)
    await baseBackup(first, restoredDir)
    await waitFor(() => load.accepted.length > 15, 'submissions during and after the backup')
    const target = await markTarget(first.admin)
    const before = [...load.accepted]
    // What comes after the target will be lost, and its cursors have been handed out.
    await waitFor(() => load.accepted.length > before.length + 10, 'submissions after the target')
    await load.stop()
    const cursor = await newestCursor(first)
    await first.admin`select pg_switch_wal()`
    await keepWal(first.dataDir, archive)
    await first.stop()

    prepareRecovery(restoredDir, archive, target)
    const folder = join(restoredDir, 'postgres')
    const { adminUrl } = stack.use(await startPostgres({ folder, durable: false }))
    await waitFor(() => isRecovered(adminUrl), 'the recovery to end', 60_000)
    const port = await freePort()
    const second = stack.use(
      await startNetwork({
        port,
        dataDir: restoredDir,
        databaseUrl: adminUrl,
        configDir: join(root, 'config'),
        durable: false,
        redisUrl,
        env: { LOG_LEVEL: 'error' },
      }),
    )
    const admin = postgres(second.databaseUrl, { max: 1, onnotice: () => {} })
    stack.defer(() => admin.end({ timeout: 2 }))
    const [recovered] = await admin<{ lost: number; there: number }[]>`
      select count(*) filter (where id = any (${load.accepted.map(({ id }) => id)}::uuid[]))::int as there,
             count(*) filter (where id = any (${load.accepted.slice(-3).map(({ id }) => id)}::uuid[]))::int as lost
        from artifact_active`
    expect(recovered?.there).toBeGreaterThanOrEqual(before.length)
    expect(recovered?.lost).toBe(0) // it really is an earlier moment
    for (const { id, content_hash } of before)
      expect(await admin`select content_hash from artifact_active where id = ${id}`).toMatchObject([{ content_hash }])

    await waitFor(async () => (await admin`select from outbox`).length === 0, 'the outbox to be carried on', 60_000)
    const waiting = await admin`select from artifact_active where status = 'on_verification'`
    expect(waiting).toHaveLength(0)

    const token = await developmentToken({
      group: 'acme',
      user: 'alice',
      roles: ['admin'],
      expires: '1h',
      secret: second.jwtSecret,
    })
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const anew = await fetch(`${second.url}/artifacts/`, {
      method: 'POST',
      headers: { ...headers, prefer: 'wait=20' },
      body: JSON.stringify({ name: 'after-the-restore', type: 'prompt', content: 1 }),
    })
    expect(anew.status).toBe(201)
    await waitFor(async () => (await admin`select from outbox`).length === 0, 'its events to be told', 60_000)
    const since = await fetch(`${second.url}/events?after=${cursor}&limit=200`, { headers })
    const page = await since.text()
    expect(page).toContain('after-the-restore')

    await using maintenance = await connectMaintenance({
      url: second.databaseUrl,
      applicationName: 'test',
      readOnly: true,
    })
    const faults: unknown[] = []
    await verify(maintenance.sql, { onFault: (fault) => void faults.push(fault) })
    expect(faults).toEqual([])
  } finally {
    await stack.disposeAsync()
    await first[Symbol.asyncDispose]()
    for (const folder of [restoredDir, archive]) rmSync(folder, { recursive: true, force: true })
  }
}, 180_000)

/** One submission after the other, until stopped. */
function underLoad({ send }: FilledNetwork) {
  const accepted: Accepted[] = []
  let stopped = false
  const running = (async () => {
    for (let n = 0; !stopped; n++) {
      const name = `load-${n}`
      const answer = await send('POST', '/artifacts/', {
        name,
        type: n % 3 ? 'prompt' : 'python_script',
        content: { source: `x = ${n}` },
      })
      expect(answer.status).toBe(202)
      accepted.push({ id: String(answer.body['id']), name, content_hash: String(answer.body['content_hash']) })
    }
  })()
  return {
    accepted,
    stop: async () => {
      stopped = true
      await running
    },
  }
}

/** As any tool for base backups does it: a checkpoint, a copy of files in motion, and the label that says where to begin. */
async function baseBackup({ admin, dataDir }: FilledNetwork, to: string): Promise<void> {
  const connection = await admin.reserve()
  try {
    await connection`select pg_backup_start('drill', true)`
    // Files that vanish while they are copied are none that a backup needs; what is missed would be found by the recovery.
    await promisify(execFile)('cp', ['-a', `${dataDir}/.`, `${to}/`]).catch(() => {})
    const [stopped] = await connection<{ label: string }[]>`select labelfile as label from pg_backup_stop(false)`
    writeFileSync(join(to, 'postgres/cluster/backup_label'), stopped?.label ?? '')
  } finally {
    connection.release()
  }
}

const markTarget = async (admin: Sql): Promise<string> => {
  const [row] = await admin<{ lsn: string }[]>`select pg_current_wal_insert_lsn()::text as lsn`
  return row?.lsn ?? ''
}

/** What an archive_command would have put there, segment by segment. */
async function keepWal(dataDir: string, archive: string): Promise<void> {
  mkdirSync(archive, { mode: 0o755 })
  const wal = join(dataDir, 'postgres/cluster/pg_wal')
  const segments = readdirSync(wal).filter((name) => /^[0-9A-F]{24}$/u.test(name))
  await promisify(execFile)('cp', ['-a', ...segments.map((name) => join(wal, name)), archive])
}

function prepareRecovery(dataDir: string, archive: string, target: string): void {
  const cluster = join(dataDir, 'postgres/cluster')
  rmSync(join(cluster, 'postmaster.pid'), { force: true })
  rmSync(join(dataDir, 'run.json'), { force: true })
  for (const name of readdirSync(join(cluster, 'pg_wal')))
    if (/^[0-9A-F]{24}$/u.test(name)) rmSync(join(cluster, 'pg_wal', name))
  const settings = [
    `restore_command = 'cp "${archive}/%f" "%p"'`,
    `recovery_target_lsn = '${target}'`,
    "recovery_target_action = 'promote'",
    'hot_standby = off', // nobody gets in before it is over
  ]
  writeFileSync(join(cluster, 'postgresql.auto.conf'), `${settings.join('\n')}\n`)
  writeFileSync(join(cluster, 'recovery.signal'), '')
  // Root writes them, and the server runs as somebody else.
  const { uid, gid } = statSync(join(cluster, 'PG_VERSION'))
  for (const name of ['postgresql.auto.conf', 'recovery.signal', 'backup_label'])
    chownSync(join(cluster, name), uid, gid)
}

async function isRecovered(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {} })
  try {
    const [row] = await sql<{ over: boolean }[]>`select not pg_is_in_recovery() as over`
    return row?.over === true
  } catch {
    return false // it lets nobody in yet
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** The last place of the feed, as a consumer has been given it. */
async function newestCursor({ send, settle }: FilledNetwork): Promise<string> {
  await settle()
  let cursor = ''
  for (;;) {
    const page = await send('GET', `/events?limit=200${cursor === '' ? '' : `&after=${cursor}`}`)
    expect(page.status).toBe(200)
    cursor = String(page.body['last_cursor'])
    if (page.body['next_cursor'] === null) return cursor
  }
}
