import { execFile } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import '../src/testing/database.ts' // declares what inject() gives
import { afterAll, beforeAll, expect, inject, it } from 'vitest'

let dataDir: string
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'keepr-commands-'))
})
afterAll(() => rm(dataDir, { recursive: true, force: true }))

type Said = { code: number | string; stdout: string; stderr: string }

const command = (file: string, ...args: string[]) => commandIn({}, file, ...args)
const commandIn = (settings: Record<string, string>, file: string, ...args: string[]) =>
  new Promise<Said>((resolve) => {
    const script = fileURLToPath(new URL(`../src/${file}`, import.meta.url))
    const env = { PATH: process.env['PATH'], KEEPR_DATA_DIR: dataDir, ...settings }
    execFile(process.execPath, [script, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    )
  })

it.each([['--bogus'], ['--batch', 'abc']])('verify tells a wrong option (%s) from damage', async (...args) => {
  expect(await command('verify.ts', ...args)).toMatchObject({ code: 2, stdout: '' })
})

it.each(['never', '0h', '12'])('a token does not hold for "%s"', async (expires) => {
  const { code, stdout, stderr } = await command('token.ts', '--expires', expires)
  expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 1, stdout: '', lines: 1 })
})

it('a token says on the side when nobody runs who takes it', async () => {
  const { code, stdout, stderr } = await command('token.ts')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  expect(stderr).toContain(`No Keepr runs on ${dataDir}`)
})

it('a token is made with the secret in JWT_SECRET, or in the file that JWT_SECRET_FILE names', async () => {
  const secret = 'a secret of this test, long enough for HS256'
  const file = join(dataDir, 'jwt-secret')
  await writeFile(file, `${secret}\n`)
  for (const settings of [{ JWT_SECRET: secret }, { JWT_SECRET_FILE: file }]) {
    const { stdout, stderr } = await commandIn(settings, 'token.ts')
    const [head, claims, signature] = stdout.trim().split('.')
    const signed = createHmac('sha256', secret).update(`${head}.${claims}`).digest('base64url')
    expect({ signature, stderr }).toEqual({ signature: signed, stderr: '' })
  }
})

it.each(['start.ts', 'token.ts'])('%s tells in a line that nothing can be kept in its data folder', async (file) => {
  const { code, stdout, stderr } = await commandIn({ KEEPR_DATA_DIR: join(import.meta.filename, 'data') }, file)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr.trim().split('\n').at(-1)).toContain('KEEPR_DATA_DIR: nothing can be kept in ')
})

it('config:schema writes nothing when it is asked for help', async () => {
  const { code, stdout } = await command('config-schema.ts', '--help')
  expect(code).toBe(0)
  expect(stdout).not.toContain('wrote')
})

it.each(['hello', 'mysql://root:hunter2@x/y'])(
  'a DATABASE_URL of %s is told to be none, without its password',
  async (url) => {
    const { code, stderr } = await commandIn({ DATABASE_URL: url }, 'migrate.ts')
    expect(code).toBe(1)
    expect(stderr).toContain('DATABASE_URL: expected a URL that begins with postgres://')
    expect(stderr).not.toContain('hunter2')
  },
)

it.each([
  ['start.ts', 1],
  ['migrate.ts', 1],
  ['verify.ts', 2],
  ['../../../bench/seed/main.ts', 1],
])('%s says where DATABASE_URL leads to nobody, without its password', async (file, expected) => {
  const { code, stderr } = await commandIn({ DATABASE_URL: 'postgres://root:hunter2@127.0.0.1:1/y', PORT: '0' }, file)
  expect(code).toBe(expected)
  expect(stderr).toContain('DATABASE_URL: no PostgreSQL answers at 127.0.0.1:1 (ECONNREFUSED)')
  expect(stderr).not.toContain('hunter2')
})

it('a DATABASE_URL that is let in nowhere is told without its password', async () => {
  const url = new URL(inject('postgresAdminUrl'))
  url.password = 'hunter2'
  const { code, stderr } = await commandIn({ DATABASE_URL: url.href }, 'migrate.ts')
  expect(code).toBe(1)
  expect(stderr).toContain(`DATABASE_URL: ${url.host}${url.pathname} cannot be used (password authentication failed`)
  expect(stderr).not.toContain('hunter2')
})

it('npm start looks at its configuration before it makes a database, and warns of a misspelt setting', async () => {
  const { code, stderr } = await commandIn({ KEEPR_CONFIG_DIR: '/nope', KEEPR_PROT: '1', PORT: '0' }, 'start.ts')
  expect(code).toBe(1)
  expect(stderr).toContain('KEEPR_PROT is no setting of Keepr')
  expect(stderr).toContain('Keepr did not start: /nope/artifact_type_config.yaml: expected a file that can be read')
  expect(existsSync(join(dataDir, 'postgres'))).toBe(false)
})

it.each([['8081'], ['--prot']])('npm start says where settings come from when it is given %s', async (argument) => {
  const { code, stderr } = await command('start.ts', argument)
  expect(code).toBe(1)
  expect(stderr).toContain('PORT=8081 npm start')
})
