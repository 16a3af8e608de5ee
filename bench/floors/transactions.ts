import { randomUUIDv7 } from 'node:crypto'
import { submitArtifacts } from '@keepr/api/commands/submit-artifacts'
import { connect } from '@keepr/db/connect'
import { claimRuns } from '@keepr/db/validation-runs/claim-runs'
import { contentHash } from '@keepr/shared/domain/content-hash'
import { TypeConfigFile } from '@keepr/shared/schemas/type-config'
import { recordVerdict } from '@keepr/validation-worker/commands/record-verdict'
import * as v from 'valibot'
import { reply } from '../child/reply.ts'
import { beginRun, type ProgramRun } from './begin-run.ts'

export type TransactionsFloor = (input: {
  apiUrl: string
  validationUrl: string
  group: string
  seconds: number
  clients: number
}) => Promise<ProgramRun>

/**
 * What pgbench would do: clients that each run the two transactions of an artifact's way, submission and verdict, one after
 * the other, and nothing else: no HTTP, no outbox carried, no queue.
 */
const run: TransactionsFloor = async ({ apiUrl, validationUrl, group, seconds, clients }) => {
  const options = {
    applicationName: 'bench-floor',
    poolSize: clients,
    connectTimeoutMs: 5000,
    statementTimeoutMs: 15_000,
    lockTimeoutMs: 10_000,
  }
  await using api = connect({ ...options, url: apiUrl })
  await using validation = connect({ ...options, url: validationUrl })
  const config = v.parse(TypeConfigFile, { types: { floor: { requires_validation: false } } }).types['floor']
  if (!config) throw new Error('the type is not configured')
  const actor = { userId: 'alice', groupId: group, roles: ['author', 'consumer'] } as const
  const text = JSON.stringify({ text: 'All work and no play makes a dull benchmark. '.repeat(20) })
  const series = randomUUIDv7()
  let count = 0

  const one = async () => {
    const content = Buffer.from(text.replace('dull', `dull (${count})`))
    const runId = randomUUIDv7()
    await api.withActor(actor, (tx, commit) =>
      submitArtifacts(
        tx,
        actor,
        [
          {
            submission: {
              name: `floor-${series}-${count++}`,
              type: 'floor',
              version: undefined,
              bump: undefined,
              metadata: { tags: ['bench'] },
              usage_policy: undefined,
              draft: false,
              run_id: runId,
              awaited: false,
              content,
              content_kind: 'json',
              content_type: 'application/json',
              content_size: content.byteLength,
              content_hash: contentHash(content),
            },
            rules: {
              config,
              maxPending: Number.POSITIVE_INFINITY,
              maxPendingPerUser: Number.POSITIVE_INFINITY,
              maxStoredBytes: Number.POSITIVE_INFINITY,
            },
            cause: { actor: 'alice' },
          },
        ],
        commit,
      ),
    )
    await validation.withService(group, async (tx) => {
      const [run] = await claimRuns(tx, { groupId: group, runIds: [runId], validatedTypes: [] })
      if (run) await recordVerdict(tx, run, { verdict: { state: 'not_required' } })
    })
  }

  const ended = beginRun()
  const endsAt = performance.now() + seconds * 1000
  let done = 0
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (; performance.now() < endsAt; done++) await one()
    }),
  )
  return ended(done)
}
reply(run)
