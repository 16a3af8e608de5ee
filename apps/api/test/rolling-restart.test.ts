import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@keepr/db/migrate'
import { root } from '@keepr/dev-env/data-dir'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiProcess, bearerFor, startApiProcess } from './api-process.ts'

let database: TestDatabase
let authorization: string
beforeAll(async () => {
  database = await createTestDatabase()
  authorization = await bearerFor('acme', 'alice')
})
afterAll(() => database[Symbol.asyncDispose]())

/** Ends it as an orchestrator does. @returns its exit code */
async function terminate({ child }: ApiProcess): Promise<unknown> {
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  return code
}

const submit = (api: ApiProcess, name: string, headers: Record<string, string> = {}) =>
  fetch(`${api.url}/artifacts`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', connection: 'close', ...headers },
    body: JSON.stringify({ name, type: 'prompt', content: { name } }),
  })

type Answered = { name: string; id: string }

/** Users who write one artifact after the other, each to the next process, and ask again under their key where nobody answered. */
function startLoad(apis: readonly ApiProcess[]) {
  const answered: Answered[] = []
  const statuses = new Set<number>()
  let stopped = false
  const write = async (name: string, turn: number): Promise<Answered> => {
    for (let n = turn; ; n++) {
      const api = apis[n % apis.length]
      if (!api) throw new Error('there is no process')
      const answer = await submit(api, name, { 'idempotency-key': name }).catch(() => undefined)
      if (!answer) continue // refused, or lost before it was answered: the next one is asked
      if (answer.status === 409) continue // the first try is still at work
      statuses.add(answer.status)
      // SAFETY: what has no id is found below.
      return { name, id: ((await answer.json()) as { id: string }).id }
    }
  }
  const user = async (number: number) => {
    for (let n = 0; !stopped; n++) answered.push(await write(`user-${number}-${n}`, n))
  }
  const running = Promise.all([1, 2, 3, 4].map(user))
  return {
    answered,
    statuses,
    more: async (count: number) => {
      const from = answered.length
      await waitFor(() => answered.length >= from + count, `${count} more answers`, 60_000)
    },
    stop: async () => {
      stopped = true
      await running
    },
  }
}

/** What the next release brings: a column more, filled, and constrained afterwards. */
async function migrateToNextRelease() {
  const folder = mkdtempSync(join(tmpdir(), 'keepr-next-'))
  try {
    cpSync(join(root, 'migrations'), folder, { recursive: true })
    writeFileSync(
      join(folder, '9999_next_release.sql'),
      `alter table artifact_active add column colour text;
       update artifact_active set colour = 'red';
       alter table artifact_active add constraint colour_is_short check (length(colour) < 9) not valid;`,
    )
    return await migrate({ databaseUrl: database.adminUrl, folder })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('who waits for a verdict is answered what is known when the process ends', async () => {
  await using api = await startApiProcess(database)
  const answer = submit(api, 'waits', { prefer: 'wait=30' })
  await waitFor(async () => {
    const runs = await database.admin`
      select from validation_runs r join artifact_active a on a.validation_run_id = r.id where a.name = 'waits'`
    return runs.count === 1
  }, 'the submission')
  expect(await terminate(api)).toBe(0)
  const { status, ...view } = (await (await answer).json()) as { status: string; validation: { state: string } }
  expect([(await answer).status, status, view.validation.state]).toEqual([202, 'on_verification', 'waiting'])
})

describe('processes of the API that are replaced', { timeout: 240_000 }, () => {
  test('one by one under load, with a migration before: all that is asked is answered, and what was answered is there', async () => {
    const apis = [await startApiProcess(database), await startApiProcess(database)]
    const started = [...apis]
    try {
      const load = startLoad(apis)
      await load.more(20)
      expect(await migrateToNextRelease()).toEqual(['9999_next_release'])
      await load.more(20)
      for (const [index, old] of apis.entries()) {
        const next = await startApiProcess(database)
        started.push(next)
        apis[index] = next
        expect(await terminate(old)).toBe(0)
        await load.more(20)
      }
      await load.stop()
      expect([...load.statuses]).toEqual([202])
      const kept = await database.admin<Answered[]>`select name, id from artifact_active where name like 'user-%'`
      const byName = (all: readonly Answered[]) => new Map(all.map(({ name, id }) => [name, id]))
      expect(byName(kept)).toEqual(byName(load.answered))
      expect(kept).toHaveLength(load.answered.length)
    } finally {
      for (const api of started) await api[Symbol.asyncDispose]()
    }
  })

  test('answer what they are at work on, and take nothing new', async () => {
    await using api = await startApiProcess(database)
    const waiting = submit(api, 'waits-for-its-verdict', { prefer: 'wait=3' })
    await waitFor(
      async () => (await database.admin`select from artifact_active where name = 'waits-for-its-verdict'`).length === 1,
      'the submission',
    )
    const ended = terminate(api)
    expect((await waiting).status).toBe(202)
    expect(await ended).toBe(0)
    await expect(submit(api, 'too-late')).rejects.toThrow()
  })
})
