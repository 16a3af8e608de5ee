import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '@keepr/dev-env/data-dir'
import { describe, expect, onTestFinished, test } from 'vitest'

// What an operator did wrong is told in plain lines, as config:check tells it, and not as a mistake of the program.
describe.each(['api', 'validation-worker', 'webhook-worker'])('the %s', (service) => {
  function start(env: Record<string, string>) {
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'apps', service, 'src/main.ts')], {
      env: { PATH: process.env['PATH'], ...env },
      encoding: 'utf8',
      timeout: 20_000,
    })
    return { status, lines: stderr.trim().split('\n') }
  }
  const settings = {
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
    QUEUE_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
    JWT_SECRET: 'x'.repeat(40),
    JWT_ISSUER: 'test',
    JWT_AUDIENCE: 'test',
  }

  test('names the settings that are wrong', () => {
    const { status, lines } = start({ PORT: 'abc', METRICS_PORT: 'abc' })
    expect(status).toBe(1)
    expect(lines[0]).toBe('wrong settings:')
    for (const line of lines.slice(1)) expect(line).toMatch(/^ {2}[A-Z_]+.*: expected |^ {2}expected /)
  })

  test('names the address that it cannot listen on', () => {
    const { status, lines } = start({ ...settings, HOST: 'nowhere.invalid', PORT: '0', METRICS_PORT: '0' })
    expect(status).toBe(1)
    expect(lines.at(-1)).toMatch(/^METRICS_PORT: nowhere\.invalid:0 is at a name /u)
  })

  test('names the place of a mistake in its configuration, and a folder that is not there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'keepr-mistakes-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    for (const file of ['artifact_type_config.yaml', 'webhooks.yaml']) writeFileSync(join(folder, file), 'no: [list')
    const broken = start({ ...settings, KEEPR_CONFIG_DIR: folder })
    expect(broken.status).toBe(1)
    for (const line of broken.lines) expect(line).toMatch(/\.yaml:\d+:\d+: expected /)
    const missing = start({ ...settings, KEEPR_CONFIG_DIR: join(folder, 'nowhere') })
    expect(missing).toMatchObject({ status: 1, lines: [expect.stringContaining('KEEPR_CONFIG_DIR')] })
  })
})
