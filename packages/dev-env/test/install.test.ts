import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { root } from '@keepr/dev-env/data-dir'
import { expect, onTestFinished, test } from 'vitest'

test('Ctrl-C ends an install at once, though npm would put back first what it has done', async () => {
  const clone = mkdtempSync(join(tmpdir(), 'keepr-install-'))
  onTestFinished(() => rmSync(clone, { recursive: true, force: true }))
  const bootstrap = 'packages/dev-env/bootstrap.mjs'
  cpSync(join(root, bootstrap), join(clone, bootstrap))
  writeFileSync(join(clone, 'package-lock.json'), '{"packages":{}}')
  const npm = join(clone, 'npm.js')
  writeFileSync(npm, "process.on('SIGINT', () => {}); console.error('npm runs'); setInterval(() => {}, 1000)")

  const env = { ...process.env, npm_execpath: npm }
  const started = spawn(process.execPath, [join(clone, bootstrap), 'start'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void started.kill('SIGKILL'))
  let told = ''
  started.stderr.on('data', (chunk) => {
    told += String(chunk)
    if (String(chunk).includes('npm runs')) started.kill('SIGINT')
  })
  const [[code]] = await Promise.all([once(started, 'exit'), text(started.stderr)])
  expect(code).toBe(130)
  expect(told).toContain('the next start installs them')
  expect(existsSync(join(clone, '.keepr-installing'))).toBe(false)
})
