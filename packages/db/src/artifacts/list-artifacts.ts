import type postgres from 'postgres'
import type { Status } from '@keepr/shared/domain/lifecycle'
import { planAnew } from '../driver/plan-anew.ts'
import type { Timestamp, UsagePolicy } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { activeArtifacts, archivedArtifacts, type PresentedArtifact, presentArtifacts } from './present-artifact.ts'

/** An artifact as an item of a list, which tells no more of it; the deadline is that of a run that is not over. */
export type ListedArtifact = Omit<
  PresentedArtifact,
  'is_prerelease' | 'content_kind' | 'validation_run_id' | 'revision' | 'inline_content'
>
/** A page as one text, which `readPage` reads. */
export type ListedPage = { page: string | null }

type Fragment = postgres.PendingQuery<postgres.Row[]>
export type Sort = '-created_at' | 'created_at' | 'name'
export type ListQuestion = {
  group_id: string
  /** Other groups' public artifacts instead of the own group's. */
  foreign: boolean
  type?: string | undefined
  status?: Status | undefined
  tags: readonly string[]
  category?: string | undefined
  usage_policy?: UsagePolicy | undefined
  content_hash?: string | undefined
  name?: string | undefined
  name_prefix?: string | undefined
  words?: string | undefined
  created_after?: Timestamp | undefined
  created_before?: Timestamp | undefined
  sort: Sort
  limit: number
  /** The sort key of the last item that was handed out. */
  after?: readonly string[] | undefined
}

/**
 * One page of artifacts by keyset: the thousandth costs what the first does. The group and the category stand in selects of
 * their own, and the longest page is named, so that the planner finds the same plan whatever is asked: it would plan
 * each call anew, which costs twice what a page does.
 */
export function listArtifacts(tx: Tx, asked: ListQuestion): postgres.PendingQuery<ListedPage[]> {
  const archived = asked.status === 'archived'
  const id = archived ? tx`original_id` : tx`id`
  const order = {
    '-created_at': tx`created_at desc, ${id} desc`,
    created_at: tx`created_at, ${id}`,
    name: tx`name, type, version_sort desc, ${id}`,
  }
  const condition = tx`
    ${asked.foreign ? tx`group_id <> ${asked.group_id} and status = 'published' and usage_policy = 'public'` : tx`group_id = (select ${asked.group_id}::text)`}
    ${asked.type === undefined ? tx`` : tx`and type = ${asked.type}`}
    ${asked.status === undefined ? tx`` : withStatus(tx)[asked.status]}
    ${needsIndex(asked) ? tx`and id in (${tagged(tx, asked)})` : tx``}
    ${asked.tags.length === 0 ? tx`` : tx`and tags @> ${JSON.stringify(asked.tags)}::text::jsonb`}
    ${asked.category === undefined ? tx`` : tx`and category = (select ${asked.category}::text)`}
    ${asked.usage_policy === undefined ? tx`` : withPolicy(tx)[asked.usage_policy]}
    ${asked.content_hash === undefined ? tx`` : tx`and content_hash = ${asked.content_hash}`}
    ${asked.name === undefined ? tx`` : tx`and name = ${asked.name}`}
    ${asked.name_prefix === undefined ? tx`` : tx`and starts_with(name, ${asked.name_prefix}) and name >= ${asked.name_prefix} and name < ${asked.name_prefix + AFTER_ALL_NAMES}`}
    ${asked.words === undefined ? tx`` : tx`and search_words @@ plainto_tsquery('simple', translate(${asked.words}, '._-', '   '))`}
    ${asked.created_after === undefined ? tx`` : tx`and created_at > ${asked.created_after}::text::timestamptz`}
    ${asked.created_before === undefined ? tx`` : tx`and created_at < ${asked.created_before}::text::timestamptz`}
    ${after(tx, asked, id)}
    order by ${order[asked.sort]}
    limit 201`
  const longest = archived ? archivedArtifacts(tx, condition) : activeArtifacts(tx, condition)
  const page = {
    '-created_at': tx`created_at desc, id desc`,
    created_at: tx`created_at, id`,
    name: tx`name, type, version_sort desc, id`,
  }
  const statement = tx<ListedPage[]>`
    select json_agg(json_build_array(${columns(tx)}))::text as page
      from (select * from (${presentArtifacts(tx, longest, false)}) found order by ${page[asked.sort]} limit ${asked.limit}) ordered`
  return needsOwnPlan(asked) ? planAnew(statement) : statement
}

/** Whether it depends on the very values which index finds the page: that of the order, or that of what is left out. */
const needsOwnPlan = ({ name_prefix, sort, created_after, created_before }: ListQuestion): boolean =>
  name_prefix !== undefined || (sort === 'name' && (created_after ?? created_before) !== undefined)

/**
 * The rows of a page. They come as one text, as a page has 1,400 values: each would be cut out, parsed and kept on its own, and
 * outlive the collections of young objects while the rest of the page is waited for.
 */
export function readPage([found]: readonly ListedPage[]): ListedArtifact[] {
  // SAFETY: for each row an array of its columns, as the statement above makes it.
  const rows = JSON.parse(found?.page ?? '[]') as unknown[][]
  return rows.map(rowOf)
}

/** What an item tells, in the order in which a row is read below. */
const columns = (tx: Tx) => tx`
  id, group_id, type, name, version, status, usage_policy, created_by, content_type, content_size, content_hash, metadata,
  blocked_reason, duplicate_of, created_at, updated_at, published_at, last_accessed_at, purged_at, archived_at, archive_reason,
  run_state, run_reason, run_findings, run_report_url, case when run_checked_at is null then run_deadline end, run_checked_at, tries`

/** An object that one literal makes costs a tenth of one that is filled name by name. */
function rowOf(values: readonly unknown[]): ListedArtifact {
  let place = 0
  const next = () => values[place++] as never // SAFETY: the columns stand in the order of this literal.
  const time = () => timeOf(next()) as never // SAFETY: as above.
  return {
    id: next(),
    group_id: next(),
    type: next(),
    name: next(),
    version: next(),
    status: next(),
    usage_policy: next(),
    created_by: next(),
    content_type: next(),
    content_size: next(),
    content_hash: next(),
    metadata: next(),
    blocked_reason: next(),
    duplicate_of: next(),
    created_at: time(),
    updated_at: time(),
    published_at: time(),
    last_accessed_at: time(),
    purged_at: time(),
    archived_at: time(),
    archive_reason: next(),
    run_state: next(),
    run_reason: next(),
    run_findings: next(),
    run_report_url: next(),
    run_deadline: time(),
    run_checked_at: time(),
    tries: next(),
  }
}

/** In JSON PostgreSQL writes UTC as +00:00. */
function timeOf(time: Timestamp | null | undefined): Timestamp | null {
  return time ? `${time.slice(0, -6)}Z` : null
}

/** Sorts after each character that a name may have. */
const AFTER_ALL_NAMES = '~'

// Spelt out, as a plan for any value cannot use the indexes that hold some of them only.
const withStatus = (tx: Tx): Record<Status, Fragment> => ({
  draft: tx`and status = 'draft'`,
  on_verification: tx`and status = 'on_verification'`,
  published: tx`and status = 'published'`,
  blocked: tx`and status = 'blocked'`,
  archived: tx`and status = 'archived'`,
})
const withPolicy = (tx: Tx): Record<UsagePolicy, Fragment> => ({
  internal_only: tx`and usage_policy = 'internal_only'`,
  public: tx`and usage_policy = 'public'`,
  restricted: tx`and usage_policy = 'restricted'`,
})

/** Whether the page is best found by tag or words: a name or a hash is narrower than those. */
const needsIndex = ({ tags, words, foreign, status, name, name_prefix, content_hash, sort }: ListQuestion): boolean =>
  (tags.length > 0 || words !== undefined) &&
  !foreign &&
  status !== 'archived' &&
  [name, name_prefix, content_hash].every((narrower) => narrower === undefined) &&
  sort !== 'name'

/** The ids of the page, from the function that may use the indexes of tags and words (migrations 0017, 0021 and 0023 say why). */
const tagged = (tx: Tx, asked: ListQuestion) => tx`
  select found_id from find_tagged_or_worded(
    ${asked.tags.length === 0 ? null : JSON.stringify(asked.tags)}::text::jsonb,
    translate(${asked.words ?? null}::text, '._-', '   '),
    ${asked.type ?? null}, ${asked.status ?? null}, ${asked.category ?? null}, ${asked.usage_policy ?? null},
    ${asked.created_after ?? null}::text::timestamptz, ${asked.created_before ?? null}::text::timestamptz,
    ${asked.after?.[0] ?? null}::text::timestamptz, ${asked.after?.[1] ?? null}::text::uuid,
    ${asked.sort === '-created_at'}, ${asked.limit})`

/** The names' order mixes directions, so it is spelt out; the row comparison of the others is an index condition. */
function after(tx: Tx, { sort, after: key }: ListQuestion, id: postgres.PendingQuery<postgres.Row[]>) {
  if (!key) return tx``
  const [first = '', second = '', third = '', fourth = ''] = key
  if (sort === '-created_at') return tx`and (created_at, ${id}) < (${first}::text::timestamptz, ${second}::text::uuid)`
  if (sort === 'created_at') return tx`and (created_at, ${id}) > (${first}::text::timestamptz, ${second}::text::uuid)`
  // A case and not an or, from whose arms the planner would gather bitmaps and sort what they find.
  return tx`and (name, type) >= (${first}, ${second}) and
    case when (name, type) > (${first}, ${second}) then true
         else version_sort < version_sort_key(${third}) or (version_sort = version_sort_key(${third}) and ${id} > ${fourth}::text::uuid) end`
}
