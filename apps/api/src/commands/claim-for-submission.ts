import { findLatest } from '@keepr/db/artifacts/find-latest'
import { claimNames } from '@keepr/db/names/claim-names'
import { findStanding, type Standing } from '@keepr/db/names/find-standing'
import { lockName } from '@keepr/db/names/lock-name'
import type { NameRow } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import {
  type Asked,
  isSame,
  mayRepeat,
  policyOf,
  type Submission,
  type Submitted,
  versioningFor,
} from './submission.ts'

/** A submission whose name is locked, with what its next version depends on. */
export type Claimed = Asked & {
  name: NameRow
  events: number
  standing: Standing
}

/** One flight: the connection keeps the order, so all that follows the names' locks sees what they protect. */
export async function claimForSubmission(
  tx: Tx,
  coordinates: { group_id: string; type: string },
  asked: readonly Asked[],
): Promise<Claimed[]> {
  const eventsOf = ({ draft }: Submission) => (draft ? 1 : 2)
  const [names, standings] = await Promise.all([
    claimNames(
      tx,
      coordinates,
      asked.map(({ submission, rules }) => ({
        name: submission.name,
        versioning: versioningFor(submission, rules.config, undefined),
        events: eventsOf(submission),
      })),
    ),
    findStanding(
      tx,
      coordinates,
      asked.map(({ submission, rules }) => ({
        name: submission.name,
        version: submission.version ?? null,
        content_hash: submission.content_hash,
        restricted: policyOf(submission, rules) === 'restricted',
        repeatable: mayRepeat(submission, rules.config),
      })),
    ),
  ])
  const [nameOf, standingOf] = [byName(names), byName(standings)]
  return asked.map((one) => {
    const name = nameOf.get(one.submission.name)
    const standing = standingOf.get(one.submission.name)
    if (!name || !standing) throw new Error(`${one.submission.name} was not claimed`)
    return { ...one, name, standing, events: eventsOf(one.submission) }
  })
}

const byName = <Row extends { name: string }>(rows: readonly Row[]): Map<string, Row> =>
  new Map(rows.map((row) => [row.name, row]))

/** Nothing happens to a name whose latest version is submitted again, so the numbers that were taken for its events go back. */
export async function giveBackRepeated(tx: Tx, claimed: readonly Claimed[]): Promise<Map<string, Submitted>> {
  const answers = claimed.map(async ({ submission, name, events, standing: { latest } }) => {
    if (!latest || !isSame(submission, latest)) return []
    const [, [same]] = await Promise.all([
      lockName(tx, name, -events),
      findLatest(tx, { ...name, foreign: false, withContent: false }),
    ])
    if (!same) throw new Error(`the latest version of ${name.name} is gone, though its name is locked`)
    return [[name.name, { artifact: same, deduplicated: true }] as const]
  })
  return new Map((await Promise.all(answers)).flat())
}
