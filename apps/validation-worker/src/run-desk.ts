import { gathered } from '@keepr/db/gathered'
import { commitSoon } from '@keepr/db/transaction'
import { claimRuns, type OpenRun } from '@keepr/db/validation-runs/claim-runs'
import { type Passed, publishPassed } from './commands/publish-passed.ts'
import type { Context } from './context.ts'

type RunRef = { group_id: string; id: string }

/** What runs need of the database, asked for many of them together. */
export type RunDesk = {
  /** The run, if it is still open. */
  claim(ref: RunRef): Promise<OpenRun | undefined>
  /** Publishes what its validator found valid. @returns false for a run that needs a look of its own */
  publish(passed: Passed): Promise<boolean>
}

/** Each of them holds its content in memory. */
const MOST_CLAIMED = 16

export function createRunDesk({ db, types, log }: Pick<Context, 'db' | 'types' | 'log'>): RunDesk {
  async function claimAll(group_id: string, refs: readonly RunRef[]) {
    const validatedTypes = [...types()].filter(([, type]) => type.requires_validation).map(([name]) => name)
    const [runs] = await db.withService(group_id, (tx, commit) => {
      const claimed = Promise.all([
        claimRuns(tx, { groupId: group_id, runIds: refs.map(({ id }) => id), validatedTypes }),
        commitSoon(tx), // a claim that is forgotten is made again
      ])
      commit()
      return claimed
    })
    return refs.map(({ id }) => runs.find((run) => run.id === id))
  }

  async function publishAll(all: readonly Passed[]): Promise<boolean[]> {
    const [first] = all
    if (!first) return []
    const { group_id, artifact_type: type } = first.run
    const settled = await db
      .withService(group_id, (tx, commit) => publishPassed(tx, { group_id, type }, all, commit))
      .catch((error: unknown) => {
        log.warn({ err: error, artifact_type: type }, 'runs could not be published together; each is looked at alone')
        return []
      })
    const ids = new Set(settled.map(({ id }) => id))
    return all.map(({ run }) => ids.has(run.id))
  }

  return {
    claim: gathered(({ group_id }) => group_id, claimAll, { maxItems: MOST_CLAIMED }),
    publish: gathered(
      ({ run }) => JSON.stringify([run.group_id, run.artifact_type]),
      (_key, all) => publishAll(all),
    ),
  }
}
