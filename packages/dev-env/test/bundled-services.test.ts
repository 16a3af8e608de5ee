import { execFile } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '@keepr/dev-env/data-dir'
import { onTestFinished, test } from 'vitest'

const run = promisify(execFile)

test('the services are bundled when their sources have changed, and only then, also where two start at once', async ({
  expect,
}) => {
  const project = copyOfTheProject()
  const [first, beside] = await Promise.all([bundle(project), bundle(project)])
  expect(beside.entries).toEqual(first.entries)
  expect(readdirSync(join(project, 'node_modules/.cache/keepr/services'))).toHaveLength(1)
  // Whoever looks for a service among the processes finds it by its folder.
  for (const [name, entry] of Object.entries(first.entries))
    expect(entry).toMatch(new RegExp(`/apps/${name}/main\\.js$`))
  expect(await bundle(project)).toEqual({ ...first, steps: [] })

  appendFileSync(join(project, 'apps/api/src/main.ts'), "\nconsole.log('a new last line')\n")
  const second = await bundle(project)
  expect(second.steps).toHaveLength(1)
  expect(readFileSync(join(project, second.entries.api), 'utf8')).toContain('a new last line')
  // Who runs the first goes on doing so.
  expect(readFileSync(join(project, first.entries.api), 'utf8')).not.toContain('a new last line')
})

test('a bundle that nobody has used for a day is removed, and what a Keepr that runs was started from is not', async ({
  expect,
}) => {
  const project = copyOfTheProject()
  const cache = join(project, 'node_modules/.cache/keepr/services')
  const longAgo = new Date(Date.now() - 2 * 86_400_000)
  for (const [name, user] of [
    ['used', process.pid],
    ['unused', 2 ** 30],
    ['half-made', undefined],
  ] as const) {
    mkdirSync(join(cache, name), { recursive: true })
    if (user) writeFileSync(join(cache, name, `used-by-${user}`), '')
    utimesSync(join(cache, name), longAgo, longAgo)
  }
  mkdirSync(join(cache, 'new'))
  const { entries } = await bundle(project)
  const made = basename(join(entries.api, '../../..'))
  expect(readdirSync(cache).toSorted()).toEqual([made, 'new', 'used'].toSorted())
})

test('where bundles cannot be kept, the services run from their sources, and it is said why', async ({ expect }) => {
  const project = copyOfTheProject()
  mkdirSync(join(project, 'node_modules/.cache/keepr'), { recursive: true })
  writeFileSync(join(project, 'node_modules/.cache/keepr/services'), 'not a folder')
  const { steps, entries } = await bundle(project)
  expect(steps.join()).toContain('from their sources, as they cannot be bundled (')
  expect(entries.api).toBe('apps/api/src/main.ts')
})

/** The sources with the packages that are installed, where nobody else makes bundles. */
function copyOfTheProject(): string {
  const project = mkdtempSync(join(tmpdir(), 'keepr-bundled-'))
  onTestFinished(() => rmSync(project, { recursive: true, force: true }))
  for (const folder of ['apps', 'packages'])
    cpSync(join(root, folder), join(project, folder), {
      recursive: true,
      filter: (path) => basename(path) !== 'test',
    })
  cpSync(join(root, 'package.json'), join(project, 'package.json'))
  cpSync(join(root, 'tsconfig.json'), join(project, 'tsconfig.json'))
  mkdirSync(join(project, 'node_modules'))
  for (const name of readdirSync(join(root, 'node_modules')))
    if (!['@keepr', '.cache'].includes(name))
      symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name))
  cpSync(join(root, 'node_modules/@keepr'), join(project, 'node_modules/@keepr'), {
    recursive: true,
    verbatimSymlinks: true,
  })
  return project
}

async function bundle(
  project: string,
): Promise<{ steps: string[]; entries: Record<string, string> & { api: string } }> {
  const script = `
    import { bundledServices } from './packages/dev-env/src/bundle/bundled-services.ts'
    const steps = []
    const entries = await bundledServices((step) => steps.push(step))
    console.log(JSON.stringify({ steps, entries }))`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: project })
  // SAFETY: the script above printed it.
  return JSON.parse(stdout) as Awaited<ReturnType<typeof bundle>>
}
