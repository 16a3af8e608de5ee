import type postgres from 'postgres'
import type { Status } from '@keepr/shared/domain/lifecycle'
import { planAnew } from '../driver/plan-anew.ts'
import { type PageRow, pageRows } from '../page-rows.ts'
import type { Timestamp, UsagePolicy } from '../rows.ts'
import { toTimestamp } from '../timestamp.ts'
import type { Tx } from '../transaction.ts'
import { activeArtifacts, archivedArtifacts, type PresentedArtifact, presentArtifacts } from './present-artifact.ts'

/** An artifact as an item of a list, which tells no more of it; the deadline is that of a run that is not over. */
export type ListedArtifact = Omit<
  PresentedArtifact,
  'is_prerelease' | 'content_kind' | 'validation_run_id' | 'revision' | 'inline_content'
>
/** A row of a page: whose it is, and all that it tells as one text, which `readItem` reads. Equal texts tell the same. */
export type ListedRow = { group_id: string; item: string }

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
  /** All that can be in it, by their ids, where these are few (find-rarely-marked.ts). */
  among?: readonly string[] | undefined
  created_after?: Timestamp | undefined
  created_before?: Timestamp | undefined
  sort: Sort
  limit: number
  /** The sort key of the last item that was handed out. */
  after?: readonly string[] | undefined
}

/**
 * One page of artifacts by keyset: the thousandth costs what the first does. The group and the category stand in selects of
 * their own, as tags and words do, which would be read anew for each row, and the longest page is spelt out (LONGEST_PAGE and one more; a test holds that it is), so that the planner finds the same plan whatever is asked: it would plan
 * each call anew, which costs twice what a page does.
 */
export function listArtifacts(tx: Tx, asked: ListQuestion): postgres.PendingQuery<PageRow<ListedRow>[]> {
  const archived = asked.status === 'archived'
  const id = archived ? tx`original_id` : tx`id`
  const nothing = tx``
  const condition = tx`
    ${asked.foreign ? tx`group_id <> ${asked.group_id} and status = 'published' and usage_policy = 'public'` : tx`group_id = (select ${asked.group_id}::text)`}
    ${asked.type === undefined ? nothing : tx`and type = ${asked.type}`}
    ${asked.status === undefined ? nothing : withStatus(tx)[asked.status]}
    ${needsIndex(asked) ? tx`and ctid = any ((${located(tx, asked)})::tid[])` : nothing}
    ${asked.among === undefined ? nothing : tx`and id = any (${[...asked.among]}::uuid[])`}
    ${asked.tags.length === 0 ? nothing : tx`and tags @> (select ${JSON.stringify(asked.tags)}::text::jsonb)`}
    ${asked.category === undefined ? nothing : tx`and category = (select ${asked.category}::text)`}
    ${asked.usage_policy === undefined ? nothing : withPolicy(tx)[asked.usage_policy]}
    ${asked.content_hash === undefined ? nothing : tx`and content_hash = ${asked.content_hash}`}
    ${asked.name === undefined ? nothing : tx`and name = ${asked.name}`}
    ${asked.name_prefix === undefined ? nothing : withPrefix(tx, asked.name_prefix)}
    ${asked.words === undefined ? nothing : tx`and search_words @@ (select plainto_tsquery('simple', translate(${asked.words}, '._-', '   ')))`}
    ${asked.created_after === undefined ? nothing : tx`and created_at > ${asked.created_after}::timestamptz`}
    ${asked.created_before === undefined ? nothing : tx`and created_at < ${asked.created_before}::timestamptz`}
    ${after(tx, asked, id)}
    order by ${inOrder(tx, asked.sort, id)}
    limit 201`
  const longest = archived ? archivedArtifacts(tx, condition) : activeArtifacts(tx, condition)
  const rows = tx`
    select group_id, ${itemText(tx)} as item
      from (select * from (${presentArtifacts(tx, longest, false)}) found order by ${inOrder(tx, asked.sort, tx`id`)} limit ${asked.limit}) ordered
    offset 0`
  const statement = pageRows<ListedRow>(tx, rows, { columns: tx`group_id, item`, bytes: tx`octet_length(item)` })
  return needsOwnPlan(asked) ? planAnew(statement) : statement
}

function inOrder(tx: Tx, sort: Sort, id: Fragment): Fragment {
  switch (sort) {
    case '-created_at':
      return tx`created_at desc, ${id} desc`
    case 'created_at':
      return tx`created_at, ${id}`
    case 'name':
      return tx`name, type, version_sort desc, ${id}`
  }
}

/** Whether it depends on the very values which index finds the page: that of the order, or that of what is left out. */
const needsOwnPlan = ({ name_prefix, sort, created_after, created_before }: ListQuestion): boolean =>
  name_prefix !== undefined || (sort === 'name' && (created_after ?? created_before) !== undefined)

/**
 * All that an item tells, as one text: a page has 1,400 values, each of which would be cut out and parsed on its own, and JSON of them
 * costs half as much again. What may hold any character is JSON, whose text holds no control character; names, types and media types
 * hold none. What is rare is told together, and only where there is any of it.
 */
const itemText = (tx: Tx) => tx`
  concat_ws(${SEPARATOR}, id, type, name, version, status, usage_policy, to_json(created_by), content_type, content_size,
    content_hash, metadata, created_at, updated_at, coalesce(published_at::text, ''), coalesce(last_accessed_at::text, ''),
    coalesce(purged_at::text, ''), coalesce(archived_at::text, ''), coalesce(archive_reason, ''),
    coalesce(run_state, ''), coalesce(run_findings::text, ''), coalesce((case when run_checked_at is null then run_deadline end)::text, ''), coalesce(run_checked_at::text, ''),
    case when num_nonnulls(blocked_reason, run_reason, run_report_url, duplicate_of, tries) = 0 then ''
         else json_build_array(blocked_reason, run_reason, run_report_url, duplicate_of, tries)::text end)`

const SEPARATOR = '\u001F'
const VALUES = 23

/** What a row of a page tells. */
export function readItem({ group_id, item }: ListedRow): ListedArtifact {
  const values = item.split(SEPARATOR)
  if (values.length !== VALUES) throw new Error('the row of a page is not read as it was written')
  let place = 0
  const next = () => values[place++] ?? ''
  // SAFETY: the values stand in the order of the statement above, which is that of the calls below.
  const text = () => next() as never
  const orNull = () => (next() || null) as never
  const json = () => JSON.parse(next()) as never
  const time = () => {
    const written = next()
    return (written === '' ? null : toTimestamp(written)) as never
  }
  const artifact = {
    group_id,
    id: text(),
    type: text(),
    name: text(),
    version: text(),
    status: text(),
    usage_policy: text(),
    created_by: json(),
    content_type: text(),
    content_size: Number(next()),
    content_hash: text(),
    metadata: json(),
    created_at: time(),
    updated_at: time(),
    published_at: time(),
    last_accessed_at: time(),
    purged_at: time(),
    archived_at: time(),
    archive_reason: orNull(),
    run_state: orNull(),
    run_findings: JSON.parse(next() || 'null') as never,
    run_deadline: time(),
    run_checked_at: time(),
  }
  const [blocked_reason, run_reason, run_report_url, duplicate_of, tries] = JSON.parse(next() || '[]') as never[]
  return {
    ...artifact,
    blocked_reason: blocked_reason ?? null,
    run_reason: run_reason ?? null,
    run_report_url: run_report_url ?? null,
    duplicate_of: duplicate_of ?? null,
    tries: tries ?? null,
  }
}

/** By its bytes this is after each character that a name may have. */
const AFTER_ALL_NAMES = '~'

/**
 * The range is a step down an index, and true only where the database sorts text by its bytes, as by the locale C: in the order of a
 * language `~` is before letters. Which of the two it is the planner works out ('a' < 'B'), so that either nothing but the range
 * is left or nothing of it.
 */
const withPrefix = (tx: Tx, prefix: string) => tx`
  and starts_with(name, ${prefix}) and ('a' < 'B' or (name >= ${prefix} and name < ${prefix + AFTER_ALL_NAMES}))`

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

/** Whether tags or words are best looked for by themselves: a name or a hash is narrower than those. */
export const isFoundByMarks = ({
  tags,
  words,
  foreign,
  status,
  name,
  name_prefix,
  content_hash,
}: ListQuestion): boolean =>
  (tags.length > 0 || words !== undefined) &&
  !foreign &&
  status !== 'archived' &&
  [name, name_prefix, content_hash].every((narrower) => narrower === undefined)

/** Whether the page is told with them. */
const needsIndex = (asked: ListQuestion): boolean => asked.sort !== 'name' && isFoundByMarks(asked)

export const tagsAndWords = (tx: Tx, { tags, words }: ListQuestion): Fragment => tx`
  ${tags.length === 0 ? null : JSON.stringify(tags)}::text::jsonb, translate(${words ?? null}::text, '._-', '   ')`

/** Where the page, or all that it is found in, lies: from the function that may use the index of tags and words (migrations 0021, 0023 and 0042 say why). */
const located = (tx: Tx, asked: ListQuestion) => tx`
  select locate_tagged_or_worded(
    ${tagsAndWords(tx, asked)},
    ${asked.type ?? null}, ${asked.status ?? null}, ${asked.category ?? null}, ${asked.usage_policy ?? null},
    ${asked.created_after ?? null}::text::timestamptz, ${asked.created_before ?? null}::text::timestamptz,
    ${asked.after?.[0] ?? null}::text::timestamptz, ${asked.after?.[1] ?? null}::text::uuid,
    ${asked.sort === '-created_at'}, ${asked.limit})`

/** The names' order mixes directions, so it is spelt out; the row comparison of the others is an index condition. */
function after(tx: Tx, { sort, after: key }: ListQuestion, id: postgres.PendingQuery<postgres.Row[]>) {
  if (!key) return tx``
  const [first = '', second = '', third = '', fourth = ''] = key
  if (sort === '-created_at') return tx`and (created_at, ${id}) < (${first}::timestamptz, ${second}::uuid)`
  if (sort === 'created_at') return tx`and (created_at, ${id}) > (${first}::timestamptz, ${second}::uuid)`
  // A case and not an or, from whose arms the planner would gather bitmaps and sort what they find.
  return tx`and (name, type) >= (${first}, ${second}) and
    case when (name, type) > (${first}, ${second}) then true
         else version_sort < version_sort_key(${third}) or (version_sort = version_sort_key(${third}) and ${id} > ${fourth}::text::uuid) end`
}
