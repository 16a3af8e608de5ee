import { cpSync, existsSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundlePrograms } from '@keepr/dev-env/bundle/bundle-programs'
import { images } from './images.ts'

/**
 * Bundles what each image contains to `<folder>/<image>/`: its programs with all that they import, and nothing else.
 * The folder lies two levels below a root that has `migrations/` too, as the sources lie in the repository, so that
 * paths relative to a module mean the same before and after.
 */
export async function bundleImages(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  for (const [name, image] of Object.entries(images)) {
    await bundlePrograms({ programs: image.programs, folder: join(folder, name), sourcemap: true })
    for (const [asset, files] of Object.entries('assets' in image ? image.assets : {}))
      copyAsset(asset, files, join(folder, name))
  }
}

function copyAsset(name: string, files: readonly string[], folder: string): void {
  const source = dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`)))
  for (const file of files)
    if (existsSync(join(source, file)))
      cpSync(join(source, file), join(folder, 'node_modules', name, file), { recursive: true })
    else throw new Error(`${name} has no file ${file}`)
}
