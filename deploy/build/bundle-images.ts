import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundlePrograms } from '@keepr/dev-env/bundle/bundle-programs'
import { images } from './images.ts'

const OLDEST_NODE = 26

/**
 * Bundles what each image contains to `<folder>/<image>/`: its programs with all that they import, and nothing else.
 * The folder lies two levels below a root that has `migrations/` too, as the sources lie in the repository, so that
 * paths relative to a module mean the same before and after.
 */
export async function bundleImages(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  for (const [name, image] of Object.entries(images)) {
    const programs = Object.entries(image.programs).map(([program, source]) => [`${program}.program`, source])
    await bundlePrograms({ programs: Object.fromEntries(programs), folder: join(folder, name), sourcemap: true })
    for (const program of Object.keys(image.programs))
      writeFileSync(join(folder, name, `${program}.js`), startOf(program))
    for (const [asset, files] of Object.entries('assets' in image ? image.assets : {}))
      copyAsset(asset, files, join(folder, name))
  }
}

/** An older Node could not even read the program, and would say so by a line of it. This any Node reads. */
const startOf = (program: string) => `const { node } = process.versions
if (Number.parseInt(node, 10) < ${OLDEST_NODE}) {
  console.error('Keepr needs Node ${OLDEST_NODE} or newer, this is ' + node)
  process.exit(1)
}
import('./${program}.program.js')
`

function copyAsset(name: string, files: readonly string[], folder: string): void {
  const source = dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`)))
  for (const file of files)
    if (existsSync(join(source, file)))
      cpSync(join(source, file), join(folder, 'node_modules', name, file), { recursive: true })
    else throw new Error(`${name} has no file ${file}`)
}
