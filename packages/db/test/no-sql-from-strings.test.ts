import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const rule = 'keepr/no-sql-from-strings'
const refused = {
  'text handed to a client': 'export const q = (tx: Tx, name: string) => tx.unsafe(`select ${name}`)',
  'the same by another spelling': "export const q = (tx: Tx, name: string) => tx['unsafe'](name)",
  'a client under another name': 'export const q = (connection: postgres.Sql, text: string) => connection(text)',
  'an alias of a client':
    'export const q = (tx: Tx, text: string) => {\n  const db = tx\n  return db`select ${db(text)}`\n}',
  'a client of its own': 'const client = postgres(url)\nexport const q = (text: string) => client(text)',
  'a column that a value chooses': 'export const q = (tx: Tx, column: string) => tx`select ${tx(column)}`',
  'rows that choose their columns': 'export const q = (tx: Tx, rows: object[]) => tx`insert into t ${tx(rows)}`',
  'SQL from a file': 'export const q = (sql: Sql, path: string) => sql.file(path)',
  'text put together for the other driver': 'export const q = (pool: Pool, id: string) => pool.query(`select ${id}`)',
  'text from a variable': 'export const q = (pool: Pool, text: string) => pool.query(text)',
}
const taken = {
  'a tagged template': 'export const q = (tx: Tx, id: string) => tx`select 1 where id = ${id}`',
  'nested fragments': 'export const q = (tx: Tx, id?: string) => tx`select 1 ${id ? tx`where id = ${id}` : tx``}`',
  'named columns': "export const q = (tx: Tx, rows: Row[]) => tx`insert into t ${tx(rows, 'a', 'b')}`",
  'bound parameters': "export const q = (pool: Pool, id: string) => pool.query('select $1', [id])",
}

/** The names of the samples that the rule objects to, all looked at in one run. */
async function offenders(samples: Record<string, string>): Promise<Set<string>> {
  const folder = await mkdtemp(join(tmpdir(), 'keepr-lint-'))
  const config = { jsPlugins: [resolve(root, 'lint/no-sql-from-strings.mjs')], rules: { [rule]: 'error' } }
  await writeFile(join(folder, '.oxlintrc.json'), JSON.stringify(config))
  const names = Object.keys(samples)
  await Promise.all(names.map((name, index) => writeFile(join(folder, `${index}.ts`), samples[name] ?? '')))
  const command = ['--format', 'json', '--config', join(folder, '.oxlintrc.json'), folder]
  const { stdout, stderr } = spawnSync(join(root, 'node_modules/.bin/oxlint'), command, { encoding: 'utf8' })
  await rm(folder, { recursive: true })
  if (!stdout.startsWith('{')) throw new Error(`oxlint gave no report: ${stdout}${stderr}`)
  // SAFETY: the form of oxlint's report.
  const { diagnostics, number_of_files } = JSON.parse(stdout) as {
    diagnostics: { code: string; filename: string }[]
    number_of_files: number
  }
  expect(number_of_files).toBe(names.length)
  const found = diagnostics.filter(({ code }) => code === 'keepr(no-sql-from-strings)')
  return new Set(found.map(({ filename }) => names[Number.parseInt(basename(filename), 10)] ?? ''))
}

describe('the rule against SQL built from strings', () => {
  it('refuses every way from a text to a statement', async () =>
    expect(await offenders(refused)).toEqual(new Set(Object.keys(refused))))

  it('takes what binds its values', async () => expect(await offenders(taken)).toEqual(new Set()))

  it('holds for everything but tests and what has no caller', async () => {
    // SAFETY: the form of the configuration.
    const config = JSON.parse(await readFile(join(root, '.oxlintrc.json'), 'utf8')) as {
      rules: Record<string, string>
      overrides: { files: string[]; rules: Record<string, string> }[]
    }
    expect(config.rules[rule]).toBe('error')
    const exempt = config.overrides.filter(({ rules }) => rule in rules).flatMap(({ files }) => files)
    expect(exempt).toEqual([
      'packages/db/src/migrate.ts',
      'packages/db/src/verify/scans/json-content.ts',
      'packages/dev-env/**',
      '**/test/**',
      'bench/**',
    ])
  })
})
