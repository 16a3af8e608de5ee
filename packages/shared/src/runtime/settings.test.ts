import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readSettings, WrongSettings } from './settings.ts'
import { catalogue } from './settings/catalogue.ts'
import type { Setting } from './settings/setting.ts'

const JWT_SECRET = 'x'.repeat(32)
const DATABASE_URL = 'postgres://keepr_api:hunter2@127.0.0.1:5432/keepr'
const offencesOf = (read: () => unknown): readonly string[] => {
  try {
    read()
  } catch (error) {
    if (error instanceof WrongSettings) return error.offences
    throw error
  }
  return []
}

describe('the catalogue', () => {
  const settings: [string, Setting][] = Object.entries(catalogue)

  test.each(settings)('%s has a valid default, a reader and a sentence', (_, setting) => {
    if (setting.default !== undefined) expect(v.safeParse(setting.type, setting.default).success).toBe(true)
    if (setting.defaultsTo !== undefined) expect(catalogue).toHaveProperty(setting.defaultsTo)
    expect(setting.readBy.length).toBeGreaterThan(0)
    expect(setting.about).toMatch(/\.$/)
  })

  test('no setting of a group overwrites one of another', () => {
    expect(new Set(settings.map(([name]) => name)).size).toBe(settings.length)
  })
})

describe('reading settings', () => {
  test('gives defaults, milliseconds and bytes', () => {
    const settings = readSettings({ DATABASE_URL, JWT_SECRET }, 'api')
    expect(settings.port).toBe(8080)
    expect(settings.host).toBe('127.0.0.1')
    expect(settings.databaseStatementTimeout).toBe(5000)
    expect(settings.maxBinaryBytes).toBe(32 * 1024 * 1024)
    expect(settings.maxMetadataBytes).toBe(64_000)
    expect(settings.maxPending).toBe(Number.POSITIVE_INFINITY)
    expect(settings.redisUrl).toBeUndefined()
    expect(settings.queueDatabaseUrl).toBe(DATABASE_URL)
  })

  test('gives exactly the named settings', () => {
    expect(readSettings({ PORT: '0' }, ['PORT', 'WEBHOOK_SCHEDULE'])).toEqual({
      port: 0,
      webhookSchedule: [5e3, 3e5, 1.8e6, 7.2e6, 1.8e7, 3.6e7, 5.04e7, 7.2e7, 8.64e7],
    })
  })

  test('refuses to keep for less time than was promised', () => {
    const read = (kept: string) => () => readSettings({ RETAIN_IDEMPOTENCY_KEYS: kept }, ['RETAIN_IDEMPOTENCY_KEYS'])
    expect(offencesOf(read('23h'))).toEqual([
      'RETAIN_IDEMPOTENCY_KEYS: expected a duration of at least 24h, but it is "23h"',
    ])
    expect(read('2d')()).toEqual({ retainIdempotencyKeys: 172_800_000 })
  })

  test('lists every wrong setting at once, with what was expected', () => {
    const offences = offencesOf(() =>
      readSettings(
        { PORT: '99999', LOG_LEVEL: 'loud', SHUTDOWN_GRACE: '5', MAX_PENDING: '-1', JWT_SECRET: 'short' },
        'api',
      ),
    )
    expect(offences).toEqual([
      'PORT: expected a port number (0 to 65535), but it is "99999"',
      'LOG_LEVEL: expected one of trace, debug, info, warn, error, fatal, silent, but it is "loud"',
      'SHUTDOWN_GRACE: expected a duration such as 200ms, 2s, 15m or 24h, of at most 7d, but it is "5"',
      'DATABASE_URL: expected a URL that begins with postgres:// or postgresql://, but it is not set',
      'JWT_SECRET: expected a text of at least 32 bytes, but it is another text',
      'MAX_PENDING: expected a whole number of at least 1, or "unlimited", but it is "-1"',
    ])
  })

  test('refuses what no timer counts, no server has connections for or no row can keep, and a list of nothing', () => {
    const wrong = {
      CONFIG_POLL_INTERVAL: '90d',
      DATABASE_POOL_SIZE: '99999999999',
      JWT_AUDIENCE: ',',
      MAX_BINARY_BYTES: '2GiB',
    }
    expect(
      offencesOf(() =>
        readSettings(wrong, ['CONFIG_POLL_INTERVAL', 'DATABASE_POOL_SIZE', 'JWT_AUDIENCE', 'MAX_BINARY_BYTES']),
      ),
    ).toEqual([
      'CONFIG_POLL_INTERVAL: expected a duration such as 200ms, 2s, 15m or 24h, of at most 7d, but it is "90d"',
      'DATABASE_POOL_SIZE: expected a whole number from 1 to 1000, but it is "99999999999"',
      'JWT_AUDIENCE: expected a list separated by commas, but it is ","',
      'MAX_BINARY_BYTES: expected a size such as 64kB or 1MiB, of at most 512MiB, but it is "2GiB"',
    ])
  })

  test('never shows the value of a secret', () => {
    const [offence] = offencesOf(() =>
      readSettings({ DATABASE_URL: 'mysql://root:hunter2@db/keepr' }, ['DATABASE_URL']),
    )
    expect(offence).toContain('DATABASE_URL')
    expect(offence).not.toContain('hunter2')
  })

  test('an empty value counts as absent', () => {
    expect(readSettings({ PORT: '', REDIS_URL: '' }, ['PORT', 'REDIS_URL'])).toEqual({
      port: 8080,
      redisUrl: undefined,
    })
  })

  test('a secret may come from a mounted file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'keepr-settings-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'url')
    writeFileSync(file, `${DATABASE_URL}\n`)
    expect(readSettings({ DATABASE_URL_FILE: file }, ['DATABASE_URL', 'QUEUE_DATABASE_URL'])).toEqual({
      databaseUrl: DATABASE_URL,
      queueDatabaseUrl: DATABASE_URL,
    })
  })

  test('a missing file and a value given twice are offences', () => {
    expect(offencesOf(() => readSettings({ REDIS_URL_FILE: '/nowhere/url' }, ['REDIS_URL']))[0]).toMatch(
      /^REDIS_URL_FILE: .*ENOENT/,
    )
    expect(offencesOf(() => readSettings({ DATABASE_URL, DATABASE_URL_FILE: '/x' }, ['DATABASE_URL']))[0]).toMatch(
      /both are set/,
    )
  })

  test('addresses are read as ranges', () => {
    const read = (text: string) => readSettings({ OUTBOUND_ALLOW_ADDRESSES: text }, ['OUTBOUND_ALLOW_ADDRESSES'])
    expect(read('10.0.0.0/8, ::1').outboundAllowAddresses).toEqual(['10.0.0.0/8', '::1/128'])
    for (const wrong of ['10.0.0.0/33', 'localhost', '10.0.0', '::1/129'])
      expect(offencesOf(() => read(wrong))).toHaveLength(1)
  })

  test('an API without keys does not start', () => {
    expect(offencesOf(() => readSettings({ DATABASE_URL }, 'api'))[0]).toContain('JWT_JWKS_URL')
    expect(
      offencesOf(() => readSettings({ DATABASE_URL, JWT_JWKS_URL: 'https://id.example/keys' }, 'api'))[0],
    ).toContain('JWT_AUDIENCE')
  })

  test('a secret that signs tokens is as long as the hash', () => {
    const read = (algorithms: string, length: number) =>
      offencesOf(() =>
        readSettings({ DATABASE_URL, JWT_SECRET: 'x'.repeat(length), JWT_ALGORITHMS: algorithms }, 'api'),
      )
    expect(read('HS256,HS512', 63)).toEqual([expect.stringContaining('JWT_SECRET of at least 64 bytes')])
    expect(read('HS384', 47)).toEqual([expect.stringContaining('JWT_SECRET of at least 48 bytes')])
    expect([read('HS512', 64), read('HS384', 48), read('HS256', 32)]).toEqual([[], [], []])
  })

  test('Vault needs an address and exactly one login', () => {
    const read = (env: Record<string, string>) =>
      offencesOf(() => readSettings({ DATABASE_URL, SECRET_SOURCES: 'vault,env', ...env }, 'webhook-worker'))
    expect(read({})).toHaveLength(2)
    expect(read({ VAULT_ADDR: 'https://vault', VAULT_ROLE_ID: 'r' })).toHaveLength(1)
    expect(read({ VAULT_ADDR: 'https://vault', VAULT_ROLE_ID: 'r', VAULT_SECRET_ID: 's' })).toEqual([])
  })
})
