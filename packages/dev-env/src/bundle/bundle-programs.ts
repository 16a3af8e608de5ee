import { rolldown } from 'rolldown'
import { root } from '../data-dir.ts'
import { mendDriverPlugin } from './mend-driver-plugin.ts'

type Bundle = {
  /** Where each program begins, relative to the root; it becomes `<folder>/<name>.js`. */
  programs: Readonly<Record<string, string>>
  folder: string
  sourcemap: boolean
}

/** Bundles programs with all that they import, and nothing else; what several of them import stands in files of its own. */
export async function bundlePrograms({ programs, folder, sourcemap }: Bundle): Promise<void> {
  const bundle = await rolldown({
    cwd: root,
    input: { ...programs },
    platform: 'node',
    plugins: [mendDriverPlugin()],
    onLog: refuse,
  })
  await bundle.write({ dir: folder, format: 'esm', sourcemap })
  await bundle.close()
}

/** What is not found stays an import in the bundle and would fail only when the program runs. */
function refuse(_: string, log: { code?: string; message: string }): void {
  if (log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message)
}
