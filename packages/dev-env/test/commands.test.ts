import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'

let dataDir: string
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'keepr-commands-'))
})
afterAll(() => rm(dataDir, { recursive: true, force: true }))

type Said = { code: number | string; stdout: string; stderr: string }

const command = (file: string, ...args: string[]) =>
  new Promise<Said>((resolve) => {
    const script = fileURLToPath(new URL(`../src/${file}`, import.meta.url))
    const env = { PATH: process.env['PATH'], KEEPR_DATA_DIR: dataDir }
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

it('config:schema writes nothing when it is asked for help', async () => {
  const { code, stdout } = await command('config-schema.ts', '--help')
  expect(code).toBe(0)
  expect(stdout).not.toContain('wrote')
})
