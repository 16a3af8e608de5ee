import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import {
  ARTIFACT_OPERATIONS,
  decide,
  decideForGroup,
  GROUP_OPERATIONS,
  maySee,
  RULES,
  USAGE_POLICIES,
  widens,
} from './access.ts'
import type { ArtifactOperation, Subject } from './access.ts'
import type { Actor } from './actor.ts'
import { STATUSES } from './lifecycle.ts'
import { expandRoles, ROLES, rolesFromClaim } from './role.ts'
import type { Role } from './role.ts'

const OPERATIONS = Object.keys(ARTIFACT_OPERATIONS) as ArtifactOperation[] // SAFETY: the keys of a const object
const actor = (...roles: Role[]): Actor => ({ userId: 'alice', groupId: 'acme', roles: expandRoles(roles) })
const own = (over: Partial<Subject> = {}): Subject => ({
  groupId: 'acme',
  createdBy: 'bob',
  status: 'published',
  usagePolicy: 'internal_only',
  ...over,
})

const mayDo = (operation: ArtifactOperation, who: Actor, artifact: Subject) =>
  decide(operation, who, artifact).outcome === 'allowed'

const anyActor = fc.uniqueArray(fc.constantFrom(...ROLES)).map((roles) => actor(...roles))
const anySubject = fc.record({
  groupId: fc.constantFrom('acme', 'umbrella'),
  createdBy: fc.constantFrom('alice', 'bob'),
  status: fc.constantFrom(...STATUSES),
  usagePolicy: fc.constantFrom(...USAGE_POLICIES),
})
const anyOperation = fc.constantFrom(...OPERATIONS)

describe('sight', () => {
  test('consumers see what is published, authors see every state', () => {
    expect(STATUSES.filter((status) => maySee(actor('consumer'), own({ status })))).toEqual(['published'])
    expect(STATUSES.filter((status) => maySee(actor('author'), own({ status })))).toEqual([...STATUSES])
  })

  test('a restricted version is for its creator and admins', () => {
    const restricted = own({ usagePolicy: 'restricted' })
    expect(maySee(actor('author'), restricted)).toBe(false)
    expect(maySee(actor('admin'), restricted)).toBe(true)
    expect(maySee(actor('author'), { ...restricted, createdBy: 'alice', status: 'blocked' })).toBe(true)
  })

  test('the creator of a restricted version sees it in every state, also as a consumer, and changes it as an author', () => {
    for (const status of STATUSES) {
      const mine = own({ usagePolicy: 'restricted', createdBy: 'alice', status })
      expect(decide('read', actor('consumer'), mine).rule).toBe('creators_see_what_they_restrict')
      expect(decide('patch_metadata', actor('consumer'), mine).outcome).toBe('forbidden')
      expect(maySee(actor('operator'), mine)).toBe(false)
      expect(maySee(actor('consumer'), { ...mine, createdBy: 'bob' })).toBe(false)
    }
  })

  test('an operator as such sees no artifact', () => {
    for (const status of STATUSES) expect(maySee(actor('operator'), own({ status, usagePolicy: 'public' }))).toBe(false)
  })

  property.prop([anyActor, anySubject])('of a foreign group ends at what is public and published', (who, artifact) => {
    if (artifact.groupId === who.groupId || !maySee(who, artifact)) return
    expect(artifact).toMatchObject({ status: 'published', usagePolicy: 'public' })
  })
})

describe('decisions', () => {
  test.each([
    ['read', ['consumer'], own(), 'allowed', 'consumers_see_what_is_published'],
    ['read_content', ['admin'], own({ status: 'blocked' }), 'unusable', 'unverified_content_is_never_returned'],
    [
      'read_content',
      ['author'],
      own({ status: 'on_verification', createdBy: 'alice' }),
      'unusable',
      'unverified_content_is_never_returned',
    ],
    ['read_content', ['author'], own({ status: 'draft' }), 'allowed', 'authors_see_their_group'],
    ['read_content', ['author'], own({ status: 'archived' }), 'allowed', 'authors_see_their_group'],
    [
      'read',
      ['consumer'],
      own({ groupId: 'umbrella', usagePolicy: 'public' }),
      'allowed',
      'public_is_for_every_caller',
    ],
    [
      'list_events',
      ['admin'],
      own({ groupId: 'umbrella', usagePolicy: 'public' }),
      'hidden',
      'what_may_not_be_seen_does_not_exist',
    ],
    [
      'roll_back',
      ['admin'],
      own({ groupId: 'umbrella', usagePolicy: 'public' }),
      'hidden',
      'what_may_not_be_seen_does_not_exist',
    ],
    ['patch_metadata', ['consumer'], own(), 'forbidden', 'writing_needs_an_author'],
    ['patch_metadata', ['consumer'], own({ status: 'draft' }), 'hidden', 'what_may_not_be_seen_does_not_exist'],
    ['patch_metadata', ['author'], own(), 'allowed', 'authors_write'],
    ['roll_back', ['author'], own(), 'forbidden', 'only_creators_and_admins_decide'],
    ['roll_back', ['author'], own({ createdBy: 'alice' }), 'allowed', 'creators_and_admins_decide'],
    [
      'roll_back',
      ['author'],
      own({ createdBy: 'alice', alsoBy: ['alice', 'bob'] }),
      'forbidden',
      'only_creators_and_admins_decide',
    ],
    ['roll_back', ['admin'], own({ alsoBy: ['carol'] }), 'allowed', 'creators_and_admins_decide'],
    ['roll_back', ['consumer'], own({ createdBy: 'alice' }), 'forbidden', 'writing_needs_an_author'],
    ['widen_policy', ['author'], own(), 'forbidden', 'only_creators_and_admins_decide'],
    ['restore', ['author'], own({ status: 'archived', createdBy: 'alice' }), 'forbidden', 'only_admins_decide'],
    ['restore', ['admin'], own({ status: 'archived' }), 'allowed', 'admins_decide'],
  ] as const)('%s by %s', (operation, roles, artifact, outcome, rule) => {
    expect(decide(operation, actor(...roles), artifact)).toEqual({ outcome, rule })
  })

  property.prop([anyOperation, anyActor, anySubject])(
    'never tell of what the actor does not see',
    (operation, who, artifact) => {
      const { outcome, rule } = decide(operation, who, artifact)
      if (!maySee(who, artifact))
        expect({ outcome, rule }).toEqual({ outcome: 'hidden', rule: 'what_may_not_be_seen_does_not_exist' })
      expect(outcome === 'hidden').toBe(rule === 'what_may_not_be_seen_does_not_exist')
      expect(RULES).toHaveProperty(rule)
    },
  )

  property.prop([anyOperation, anyActor, anySubject, fc.constantFrom(...ROLES)])(
    'another role never takes a right away',
    (operation, who, artifact, role) => {
      const more = { ...who, roles: expandRoles([...who.roles, role]) }
      if (mayDo(operation, who, artifact)) expect(mayDo(operation, more, artifact)).toBe(true)
    },
  )

  property.prop([anyOperation, anyActor, anySubject])('no write reaches another group', (operation, who, artifact) => {
    if (who.groupId === artifact.groupId || !mayDo(operation, who, artifact)) return
    expect(['read', 'read_content', 'diff', 'list_versions']).toContain(operation)
  })

  property.prop([anyOperation, anySubject, fc.uniqueArray(fc.constantFrom(...ROLES))])(
    'a role list that nobody expanded counts the same',
    (operation, artifact, roles) => {
      expect(decide(operation, { ...actor(), roles }, artifact)).toEqual(decide(operation, actor(...roles), artifact))
    },
  )

  test('for the group follow its roles', () => {
    const may = (role: Role) =>
      (Object.keys(GROUP_OPERATIONS) as (keyof typeof GROUP_OPERATIONS)[]) // SAFETY: the keys of a const object
        .filter((operation) => decideForGroup(operation, actor(role)).outcome === 'allowed')
    expect(may('consumer')).toEqual([])
    expect(may('author')).toEqual(['submit', 'suggest_cleanup'])
    expect(may('admin')).toEqual(['submit', 'suggest_cleanup', 'apply_cleanup', 'list_deliveries', 'redeliver'])
    expect(may('operator')).toEqual(['manage_subscribers', 'recheck', 'watch_queues'])
  })
})

test('a policy widens from restricted over internal_only to public', () => {
  expect(widens('restricted', 'internal_only')).toBe(true)
  expect(widens('internal_only', 'public')).toBe(true)
  expect(widens('public', 'internal_only')).toBe(false)
  expect(widens('public', 'public')).toBe(false)
})

test.each([
  [undefined, ['consumer', 'author']],
  [['admin'], ['consumer', 'author', 'admin']],
  ['operator', ['operator']],
  ['author operator', ['consumer', 'author', 'operator']],
  [['Admin', 'root'], ['consumer']],
  [[], ['consumer']],
  [null, ['consumer']],
  [{ admin: true }, ['consumer']],
  [7, ['consumer']],
])('the claim %j gives %j', (claim, roles) => expect(rolesFromClaim(claim, 'author')).toEqual(roles))
