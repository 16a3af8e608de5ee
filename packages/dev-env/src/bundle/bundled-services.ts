import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  globSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { root } from '../data-dir.ts'
import { isAlive } from '../is-alive.ts'
import { messageOf } from '../message-of.ts'

const services = ['api', 'validation-worker', 'webhook-worker'] as const
export type ServiceFolder = (typeof services)[number]

const cache = join(root, 'node_modules/.cache/keepr/services')
const DAY_MS = 86_400_000
const USED_BY = 'used-by-'

/**
 * The services as bundles, like those of the images: a service that loads a few files is ready in half the time that its thousand
 * modules take. They are made anew when a source or a package has changed since (a second). Where they cannot be made or kept,
 * the services run from their sources.
 * @returns where each service begins, relative to the root
 */
export async function bundledServices(progress: (step: string) => void): Promise<Record<ServiceFolder, string>> {
  const folder = join(cache, fingerprint())
  try {
    if (!existsSync(folder)) {
      progress('bundling the services, as their sources are new')
      await bundle(folder)
    }
    if (mayWrite(cache)) {
      writeFileSync(join(folder, `${USED_BY}${process.pid}`), '')
      removeUnused()
    }
  } catch (error) {
    progress(
      `running the services from their sources, as they cannot be bundled (${stripVTControlCharacters(messageOf(error))})`,
    )
    return { ...sources }
  }
  return entries((name) => relative(root, join(folder, `${programs[name]}.js`)))
}

const entries = (entryOf: (name: ServiceFolder) => string): Record<ServiceFolder, string> => ({
  api: entryOf('api'),
  'validation-worker': entryOf('validation-worker'),
  'webhook-worker': entryOf('webhook-worker'),
})

const sources = entries((name) => `apps/${name}/src/main.ts`)
/** What a service is called on its command line names its folder. */
const programs = entries((name) => `apps/${name}/main`)

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
  const half = `${folder}.${process.pid}`
  mkdirSync(half, { recursive: true })
  try {
    // Loaded only now, as it is large and most starts have no use for it.
    const { bundlePrograms } = await import('./bundle-programs.ts')
    const named = Object.fromEntries(services.map((name) => [programs[name], sources[name]]))
    await bundlePrograms({ programs: named, folder: half, sourcemap: false })
    try {
      renameSync(half, folder)
    } catch (error) {
      if (!existsSync(folder)) throw error
    }
  } finally {
    rmSync(half, { recursive: true, force: true })
  }
}

/** A Keepr that runs goes on loading from the bundle that it was started from, and starts its services again from there. */
function removeUnused(): void {
  for (const folder of globSync(join(cache, '*'))) {
    const { mtimeMs = Date.now() } = statSync(folder, { throwIfNoEntry: false }) ?? {}
    const users = globSync(`${USED_BY}*`, { cwd: folder }).map((name) => Number(name.slice(USED_BY.length)))
    if (Date.now() - mtimeMs > DAY_MS && !users.some(isAlive)) rmSync(folder, { recursive: true, force: true })
  }
}

/** An installation of somebody else may hold bundles to run, but nothing to tidy. */
function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
