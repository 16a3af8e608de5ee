import { randomBytes } from 'node:crypto'
import type { Sql } from 'postgres'
import { postgres } from '@keepr/db/driver/postgres'
import { connect, type Db } from '@keepr/db/connect'
import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    postgresAdminUrl: string
    redisUrl: string | null
  }
}

const TEMPLATE = 'template1'
export const testPasswords = {
  keepr_api: 'api',
  keepr_validation: 'validation',
  keepr_webhook: 'webhook',
  keepr_queue: 'queue',
}

export type TestDatabase = AsyncDisposable & {
  /** The URL of a role of the services. */
  urlOf(role: keyof typeof testPasswords): string
  /** The superuser: sees everything, for assertions and for faults only. */
  adminUrl: string
  connectAs(role: keyof typeof testPasswords, poolSize?: number, applicationName?: string): Db
  /** SQL as the superuser. */
  admin: Sql
}

/** A database of the test file's own, cloned from the migrated template or from another one as it is; dropped when disposed. */
export async function createTestDatabase(template: string | TestDatabase = TEMPLATE): Promise<TestDatabase> {
  const serverUrl = new URL(inject('postgresAdminUrl'))
  const name = `test_${randomBytes(6).toString('hex')}`
  const server = postgres(serverUrl.href, { max: 1, onnotice: () => {} })
  const source = typeof template === 'string' ? template : new URL(template.adminUrl).pathname.slice(1)
  // A database with connections cannot be cloned; whoever loses one connects again with the next query.
  if (typeof template !== 'string')
    await server`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${source}`
  await server`create database ${server(name)} template ${server(source)}`
  const adminUrl = new URL(serverUrl)
  adminUrl.pathname = `/${name}`
  const admin = postgres(adminUrl.href, { max: 2, onnotice: () => {} })
  const opened: Db[] = []
  const urlOf = (role: keyof typeof testPasswords) => {
    const url = new URL(adminUrl)
    url.username = role
    url.password = testPasswords[role]
    return url.href
  }
  return {
    urlOf,
    adminUrl: adminUrl.href,
    admin,
    connectAs(role, poolSize = 5, applicationName = `test-${role}`) {
      const db = connect({
        url: urlOf(role),
        applicationName,
        poolSize,
        connectTimeoutMs: 5000,
        statementTimeoutMs: 15_000,
        lockTimeoutMs: 10_000,
      })
      opened.push(db)
      return db
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((db) => db.close()))
      await admin.end({ timeout: 2 })
      await server`drop database ${server(name)} with (force)`
      await server.end({ timeout: 2 })
    },
  }
}
