import { type ArtifactOperation, ARTIFACT_OPERATIONS, decide, USAGE_POLICIES } from '@keepr/shared/domain/access'
import { STATUSES } from '@keepr/shared/domain/lifecycle'
import { expandRoles, ROLES, type Role } from '@keepr/shared/domain/role'
import type { Db } from '@keepr/db/connect'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let database: TestDatabase
let api: Db
beforeAll(async () => {
  database = await createTestDatabase()
  api = database.connectAs('keepr_api', 1)
})
afterAll(() => database[Symbol.asyncDispose]())

const operations = Object.keys(ARTIFACT_OPERATIONS) as ArtifactOperation[] // SAFETY: the keys of a const object
/** Every subject that the rules tell apart, with every operation. */
const cases = operations.flatMap((operation) =>
  ['acme', 'umbrella'].flatMap((groupId) =>
    ['alice', 'bob'].flatMap((createdBy) =>
      STATUSES.flatMap((status) =>
        USAGE_POLICIES.map((usagePolicy) => ({ operation, groupId, createdBy, status, usagePolicy })),
      ),
    ),
  ),
)
const callers: (readonly Role[])[] = [[], ...ROLES.map((role) => [role] as const), ['consumer', 'operator'], ['author', 'operator']] // prettier-ignore

describe('the policy', () => {
  it.each(callers.map((roles) => [roles.join(' and ') || 'nobody', roles] as const))(
    'says the same in SQL as in code, for every operation, state, policy and owner: %s',
    async (_who, roles) => {
      const actor = { userId: 'alice', groupId: 'acme', roles: expandRoles(roles) }
      const inSql = await api.withActor(actor, async (tx) => [
        ...(await tx<{ allowed: boolean }[]>`
          select may_do(c.operation, c.group_id, c.created_by, c.status, c.usage_policy) as allowed
            from unnest(${cases.map((one) => one.operation)}::text[], ${cases.map((one) => one.groupId)}::text[],
                        ${cases.map((one) => one.createdBy)}::text[], ${cases.map((one) => one.status)}::text[],
                        ${cases.map((one) => one.usagePolicy)}::text[])
                 with ordinality as c (operation, group_id, created_by, status, usage_policy, place)
           order by c.place`),
      ])
      const told = (allowed: boolean | undefined, index: number) => ({ ...cases[index], allowed })
      const inCode = cases.map(({ operation, ...subject }) => decide(operation, actor, subject).outcome === 'allowed')
      expect(inSql.map(({ allowed }, index) => told(allowed, index))).toEqual(inCode.map(told))
      expect(inCode.some(Boolean)).toBe(roles.some((role) => role !== 'operator'))
    },
  )

  it('allows nothing to a connection that says nobody, nor for an operation that does not exist', async () => {
    const alice = { userId: 'alice', groupId: 'acme', roles: expandRoles(['admin']) }
    const ask = (operation: string) =>
      api.read(alice, (tx) => tx<{ allowed: boolean }[]>`
        select may_do(${operation}, 'acme', 'alice', 'published', 'public') as allowed`) // prettier-ignore
    expect(await ask('read')).toEqual([{ allowed: true }])
    expect(await ask('purge')).toEqual([{ allowed: false }])
    const unset = await api.withService(null, async (tx) => [
      ...(await tx`select may_do('read', 'acme', 'alice', 'published', 'public') as allowed`),
    ])
    expect(unset).toEqual([{ allowed: false }])
  })
})
