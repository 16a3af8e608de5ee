import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root } from '../data-dir.ts'

const services = ['api', 'validation-worker', 'webhook-worker'] as const
export type ServiceFolder = (typeof services)[number]

const cache = join(root, 'node_modules/.cache/keepr/services')
/** A Keepr that still runs goes on loading from the bundle it was started from. */
const KEPT = 5

/**
 * The services as bundles, like those of the images: a service that loads a few files is ready in half the time that its thousand
 * modules take. They are made anew when a source or a package has changed since (a second).
 * @returns where each service begins, relative to the root
 */
export async function bundledServices(progress: (step: string) => void): Promise<Record<ServiceFolder, string>> {
  const folder = join(cache, fingerprint())
  if (!existsSync(folder)) {
    try {
      mkdirSync(cache, { recursive: true })
      progress('bundling the services, as their sources are new')
      await bundle(folder)
    } catch (error) {
      if (!isReadOnly(error)) throw error
      return entries((name) => `apps/${name}/src/main.ts`)
    }
  }
  return entries((name) => relative(root, join(folder, `${name}.js`)))
}

const entries = (entryOf: (name: ServiceFolder) => string): Record<ServiceFolder, string> => ({
  api: entryOf('api'),
  'validation-worker': entryOf('validation-worker'),
  'webhook-worker': entryOf('webhook-worker'),
})

/** Of what is bundled: each source by its path, size and time of change, and what is installed. */
function fingerprint(): string {
  const hash = createHash('sha256')
  for (const file of [
    'node_modules/.package-lock.json',
    ...globSync('{apps,packages}/*/{package.json,src/**/*.ts}', { cwd: root }).toSorted(),
  ]) {
    const { size, mtimeMs } = statSync(join(root, file), { throwIfNoEntry: false }) ?? {}
    hash.update(`${file} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex').slice(0, 32)
}

/** Under another name first, so that what has its name is whole, whoever else makes the same or dies meanwhile. */
async function bundle(folder: string): Promise<void> {
  // Loaded only now, as it is large and most starts have no use for it.
  const { bundlePrograms } = await import('./bundle-programs.ts')
  const half = `${folder}.${process.pid}`
  try {
    await bundlePrograms({ programs: entries((name) => `apps/${name}/src/main.ts`), folder: half, sourcemap: false })
    try {
      renameSync(half, folder)
    } catch (error) {
      if (!existsSync(folder)) throw error
    }
  } finally {
    rmSync(half, { recursive: true, force: true })
  }
  const byAge = readdirSync(cache).map((name) => ({ path: join(cache, name), at: statSync(join(cache, name)).mtimeMs }))
  for (const { path } of byAge.toSorted((a, b) => b.at - a.at).slice(KEPT))
    rmSync(path, { recursive: true, force: true })
}

/** An installation of somebody else: the services run from their sources then. */
const isReadOnly = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['EACCES', 'EPERM', 'EROFS'].includes(String(error.code))
