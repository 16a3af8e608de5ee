import type { Actor } from './actor.ts'
import type { Status } from './lifecycle.ts'
import { hasRole } from './role.ts'

/** From the narrowest to the widest. */
export const USAGE_POLICIES = ['restricted', 'internal_only', 'public'] as const
export type UsagePolicy = (typeof USAGE_POLICIES)[number]

/** What access depends on. A rollback may withdraw other versions too: `alsoBy` are their creators. */
export type Subject = {
  groupId: string
  createdBy: string
  status: Status
  usagePolicy: UsagePolicy
  alsoBy?: readonly string[]
}

type Need = 'sight' | 'content' | 'own_sight' | 'author' | 'creator_or_admin' | 'admin'

/** Operations on one artifact, and what each needs. */
export const ARTIFACT_OPERATIONS = {
  read: 'sight',
  read_content: 'content',
  diff: 'content',
  list_versions: 'sight',
  list_events: 'own_sight',
  edit_draft: 'author',
  discard_draft: 'author',
  submit_draft: 'author',
  revalidate: 'author',
  cancel: 'author',
  patch_metadata: 'author',
  narrow_policy: 'author',
  widen_policy: 'creator_or_admin',
  roll_back: 'creator_or_admin',
  archive: 'creator_or_admin',
  restore: 'admin',
} as const satisfies Record<string, Need>
export type ArtifactOperation = keyof typeof ARTIFACT_OPERATIONS

/** Operations on the group or the installation, and the role that each needs. */
export const GROUP_OPERATIONS = {
  submit: 'author',
  suggest_cleanup: 'author',
  apply_cleanup: 'admin',
  list_deliveries: 'admin',
  redeliver: 'admin',
  manage_subscribers: 'operator',
  recheck: 'operator',
  watch_queues: 'operator',
} as const
export type GroupOperation = keyof typeof GROUP_OPERATIONS

/** The rules, each a sentence. One of them decides every question of access. */
export const RULES = {
  what_may_not_be_seen_does_not_exist: 'The artifact does not exist, or the caller may not see it.',
  public_is_for_every_caller:
    'A published artifact with the policy `public` is readable by every authenticated caller.',
  consumers_see_what_is_published: 'Consumers read the published versions of their group.',
  authors_see_their_group:
    'Authors see every version of their group in every state, except the restricted ones of others.',
  creators_see_what_they_restrict: 'The creator of a restricted version sees it in every state.',
  admins_see_their_group: 'Admins see every version of their group in every state.',
  unverified_content_is_never_returned:
    'The content of a version that is on verification or blocked is returned to nobody.',
  authors_write: 'Authors write what they can see.',
  writing_needs_an_author: 'Consumers read only; writing needs the role `author`.',
  creators_and_admins_decide: 'The creator of every version concerned, and admins, may do this.',
  only_creators_and_admins_decide: 'Only the creator of every version concerned, or an admin, may do this.',
  admins_decide: 'Admins may do this.',
  only_admins_decide: 'Only an admin of the group may do this.',
  operators_decide: 'Operators may do this.',
  only_operators_decide: 'Only an operator of the installation may do this.',
} as const
export type Rule = keyof typeof RULES

/** `hidden` is answered as 404, `forbidden` as 403, `unusable` as 409. */
export type Decision = { outcome: 'allowed' | 'forbidden' | 'hidden' | 'unusable'; rule: Rule }

/**
 * Whether the actor may do something to an artifact, and which rule says so. All that is hidden is hidden by one
 * rule, so that its name tells nothing about whether the thing exists.
 */
export function decide(operation: ArtifactOperation, actor: Actor, artifact: Subject): Decision {
  const seenBy = sight(actor, artifact)
  if (seenBy === undefined) return hidden
  const need: Need = ARTIFACT_OPERATIONS[operation]
  if (need === 'sight') return allowed(seenBy)
  if (need === 'content') return isReadable(artifact.status) ? allowed(seenBy) : unusable
  // Events and writes look at the own group only, also where a foreign artifact is public.
  if (isForeign(actor, artifact)) return hidden
  if (need === 'own_sight') return allowed(seenBy)
  if (!hasRole(actor.roles, 'author')) return forbidden('writing_needs_an_author')
  if (need === 'author') return allowed('authors_write')
  if (need === 'admin')
    return hasRole(actor.roles, 'admin') ? allowed('admins_decide') : forbidden('only_admins_decide')
  const mayDecide = hasRole(actor.roles, 'admin') || isSoleCreator(actor, artifact)
  return mayDecide ? allowed('creators_and_admins_decide') : forbidden('only_creators_and_admins_decide')
}

/** The same for operations that concern no single artifact. */
export function decideForGroup(operation: GroupOperation, actor: Actor): Decision {
  const role = GROUP_OPERATIONS[operation]
  const [granted, refused] = GROUP_RULES[role]
  return hasRole(actor.roles, role) ? allowed(granted) : forbidden(refused)
}

const GROUP_RULES = {
  author: ['authors_write', 'writing_needs_an_author'],
  admin: ['admins_decide', 'only_admins_decide'],
  operator: ['operators_decide', 'only_operators_decide'],
} as const satisfies Record<string, readonly [Rule, Rule]>

export const maySee = (actor: Actor, artifact: Subject): boolean => sight(actor, artifact) !== undefined

export const isForeign = (actor: Actor, artifact: Pick<Subject, 'groupId'>): boolean =>
  actor.groupId !== artifact.groupId

/** Whether a change of policy lets more callers in than before. */
export const widens = (from: UsagePolicy, to: UsagePolicy): boolean =>
  USAGE_POLICIES.indexOf(to) > USAGE_POLICIES.indexOf(from)

/** Content that was never validated is never returned; a draft is only seen by its authors in the first place. */
const isReadable = (status: Status): boolean => status !== 'on_verification' && status !== 'blocked'

/** The rule by which the actor sees the artifact. may_see() in migrations/0015 says the same; a test compares them. */
function sight(actor: Actor, artifact: Subject): Rule | undefined {
  if (isForeign(actor, artifact)) {
    const open =
      artifact.usagePolicy === 'public' && artifact.status === 'published' && hasRole(actor.roles, 'consumer')
    return open ? 'public_is_for_every_caller' : undefined
  }
  if (hasRole(actor.roles, 'admin')) return 'admins_see_their_group'
  const restricted = artifact.usagePolicy === 'restricted'
  if (restricted && artifact.createdBy !== actor.userId) return undefined
  if (hasRole(actor.roles, 'author')) return 'authors_see_their_group'
  if (!hasRole(actor.roles, 'consumer')) return undefined
  // Also one who was an author when it was made and is a consumer now.
  if (restricted) return 'creators_see_what_they_restrict'
  return artifact.status === 'published' ? 'consumers_see_what_is_published' : undefined
}

const isSoleCreator = (actor: Actor, { createdBy, alsoBy = [] }: Subject): boolean =>
  [createdBy, ...alsoBy].every((creator) => creator === actor.userId)

const allowed = (rule: Rule): Decision => ({ outcome: 'allowed', rule })
const forbidden = (rule: Rule): Decision => ({ outcome: 'forbidden', rule })
const hidden: Decision = { outcome: 'hidden', rule: 'what_may_not_be_seen_does_not_exist' }
const unusable: Decision = { outcome: 'unusable', rule: 'unverified_content_is_never_returned' }
