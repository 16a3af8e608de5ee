import { findDuplicates } from '@keepr/db/artifacts/find-duplicates'
import { findLatest } from '@keepr/db/artifacts/find-latest'
import { findLatestOfNames } from '@keepr/db/artifacts/find-latest-of-names'
import { claimNames } from '@keepr/db/names/claim-names'
import { lockName } from '@keepr/db/names/lock-name'
import type { ArtifactRow, NameRow } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import { findPriorVersions } from '@keepr/db/versions/find-prior-versions'
import type { LedgerEntry } from '@keepr/db/versions/insert-versions'
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
  latest: ArtifactRow | undefined
  prior: LedgerEntry | undefined
  duplicateOf: string | undefined
}

/** One flight: the connection keeps the order, so all that follows the names' locks sees what they protect. */
export async function claimForSubmission(
  tx: Tx,
  coordinates: { group_id: string; type: string },
  asked: readonly Asked[],
): Promise<Claimed[]> {
  const eventsOf = ({ draft }: Submission) => (draft ? 1 : 2)
  const repeatable = asked.filter(({ submission, rules }) => mayRepeat(submission, rules.config))
  const [names, latest, prior, duplicates] = await Promise.all([
    claimNames(
      tx,
      coordinates,
      asked.map(({ submission, rules }) => ({
        name: submission.name,
        versioning: versioningFor(submission, rules.config, undefined),
        events: eventsOf(submission),
      })),
    ),
    repeatable.length === 0
      ? []
      : findLatestOfNames(
          tx,
          coordinates,
          repeatable.map(({ submission: { name } }) => name),
        ),
    findPriorVersions(
      tx,
      coordinates,
      asked.map(({ submission: { name, version = null } }) => ({ name, version })),
    ),
    findDuplicates(
      tx,
      coordinates,
      asked.map(({ submission, rules }) => ({
        name: submission.name,
        content_hash: submission.content_hash,
        restricted: policyOf(submission, rules) === 'restricted',
      })),
    ),
  ])
  const nameOf = byName(names)
  const [latestOf, priorOf, duplicateOf] = [byName(latest), byName(prior), byName(duplicates)]
  return asked.flatMap((one) => {
    const { name } = one.submission
    const row = nameOf.get(name)
    const found = { latest: latestOf.get(name), prior: priorOf.get(name), duplicateOf: duplicateOf.get(name)?.id }
    return row ? [{ ...one, ...found, name: row, events: eventsOf(one.submission) }] : []
  })
}

const byName = <Row extends { name: string }>(rows: readonly Row[]): Map<string, Row> =>
  new Map(rows.map((row) => [row.name, row]))

/** Nothing happens to a name whose latest version is submitted again, so the numbers that were taken for its events go back. */
export async function giveBackRepeated(tx: Tx, claimed: readonly Claimed[]): Promise<Map<string, Submitted>> {
  const answers = claimed.map(async ({ submission, rules, name, events, latest }) => {
    if (!latest || !mayRepeat(submission, rules.config) || !isSame(submission, latest)) return []
    const [, [same]] = await Promise.all([
      lockName(tx, name, -events),
      findLatest(tx, { ...name, foreign: false, withContent: false }),
    ])
    return [[name.name, { artifact: same ?? latest, deduplicated: true }] as const]
  })
  return new Map((await Promise.all(answers)).flat())
}
