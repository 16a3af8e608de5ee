import { sameContent } from '../artifacts/find-duplicates.ts'
import type { Tx } from '../transaction.ts'

/**
 * What stands under the name of each row `asked` of a statement, and what becomes of the row: one step down an index for each thing
 * that is looked up. Its columns: `versioning` and `last_sequence` of the name; `latest_id`, the latest published version;
 * `prior`, of the ledger the entry of the version that is asked for, if it was used in any state, else of the highest integer or
 * release; `same_id`, an artifact of the group with the same content (find-duplicates.ts); the `version` that it gets; and the `outcome`:
 *
 * - `repeated`: the latest version is the same already
 * - `used`: the version that is asked for was used before
 * - `misfit`: the name has versions of the other kind
 * - `exhausted`: there is no next version
 * - `fits`
 *
 * The names are locked before, in a statement of its own: what others have committed until then is seen.
 */
export const standing = (tx: Tx) => tx`
  join artifact_names named on named.group_id = asked.group_id and named.type = asked.type and named.name = asked.name
  left join lateral (
    select id, content_hash, content_type, usage_policy, metadata, purged_at from artifact_active a
     where asked.repeatable and a.group_id = asked.group_id and a.type = asked.type and a.name = asked.name and a.status = 'published'
     order by is_prerelease, version_sort desc limit 1) latest on true
  left join lateral (
    (select * from artifact_versions v
      where asked.asked_version is null and v.group_id = asked.group_id and v.type = asked.type and v.name = asked.name
        and not v.is_prerelease
      order by version_sort desc limit 1)
    union all
    select * from artifact_versions v
     where v.group_id = asked.group_id and v.type = asked.type and v.name = asked.name and v.version = asked.asked_version) prior on true
  left join lateral (${sameContent(tx, { group_id: tx`asked.group_id`, type: tx`asked.type` })}) same on true
  cross join lateral (
    select named.versioning, named.last_sequence, latest.id as latest_id, same.id as same_id,
           coalesce(asked.asked_version, next_version(named.versioning, prior.version, asked.bump)) as version) found
  cross join lateral (
    select case
             when latest.purged_at is null and latest.content_hash = asked.content_hash and latest.content_type = asked.content_type
              and coalesce(latest.metadata = asked.metadata, true) and coalesce(latest.usage_policy = asked.asked_policy, true)
             then 'repeated'
             when asked.asked_version is not null and prior.version is not null then 'used'
             when named.versioning <> all (asked.fits) then 'misfit'
             when found.version is null then 'exhausted'
             else 'fits'
           end as outcome) decided`
