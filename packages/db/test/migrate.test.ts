import { postgres } from '@keepr/db/driver/postgres'
import { migrate, serviceRoles } from '@keepr/db/migrate'
import { createTestDatabase, testPasswords, type TestDatabase } from '@keepr/dev-env/testing/database'
import { afterAll, beforeAll, expect, it } from 'vitest'

// Operators of a managed PostgreSQL are no superusers. Roles belong to the server: these have names of their own.
const roles = ['test_dba', 'test_member', 'test_stranger'] as const
let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase('template0')
  const { admin } = database
  for (const role of roles) await admin.unsafe(`create role ${role} login password 'secret'`)
  await admin`alter role test_dba createrole`
  const [server] = await admin<{ version: number }[]>`select current_setting('server_version_num')::int as version`
  // As whoever may create roles has them after having made them.
  const made = server && server.version >= 160_000 ? 'admin true, inherit false, set false' : 'admin option'
  for (const role of ['keepr_maintenance', ...serviceRoles])
    await admin.unsafe(`grant ${role} to test_dba with ${made}`)
  await admin`alter database ${admin(new URL(database.adminUrl).pathname.slice(1))} owner to test_dba`
  await admin`grant keepr_maintenance to test_member`
})
afterAll(async () => {
  const server = await createTestDatabase()
  await database[Symbol.asyncDispose]()
  for (const role of roles) await server.admin.unsafe(`drop role ${role}`)
  await server[Symbol.asyncDispose]()
})

const migrateAs = (role: (typeof roles)[number], passwords = {}) => {
  const url = new URL(database.adminUrl)
  url.username = role
  url.password = 'secret'
  return migrate({ databaseUrl: url.href, passwords })
}

it('a role that may create roles migrates, and gives passwords', async () => {
  expect(await migrateAs('test_dba', testPasswords)).toContain('0002_artifacts')
  const owners = await database.admin<{ owner: string }[]>`
    select distinct pg_get_userbyid(relowner) as owner from pg_class where relnamespace in ('public'::regnamespace, 'bullmq'::regnamespace)`
  expect([...owners]).toEqual([{ owner: 'keepr_maintenance' }])
})

it('a member of keepr_maintenance migrates what another one migrated before, and a queue has sequences of its own in', async () => {
  const queue = postgres(database.urlOf('keepr_queue'), { max: 1 })
  await queue`create sequence bullmq.of_a_queue`
  await queue`select nextval('bullmq.job_seq') from bullmq.job`
  await queue.end()
  expect(await migrateAs('test_member')).toEqual([])
})

it('a queue that belongs to who migrated with an earlier release is migrated by that role', async () => {
  await database.admin`drop schema bullmq cascade`
  await database.admin`create schema bullmq authorization test_dba`
  expect(await migrateAs('test_dba')).toEqual([])
  await expect(migrateAs('test_member')).rejects.toThrow('permission denied to set role "test_dba"')
})

it('a role that may not is told what it takes', async () => {
  await expect(migrateAs('test_stranger')).rejects.toThrow(
    /^the role of DATABASE_URL has to be one that may create roles/u,
  )
  await expect(migrateAs('test_member', testPasswords)).rejects.toThrow('without KEEPR_…_PASSWORD')
})
