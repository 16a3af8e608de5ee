import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { resolve } from 'node:path'

// A service runs from its sources as they are, so what `npm run build` proves is that it will start: on the Node that runs
// it every module loads, with every import found and every export there, and none of them starts anything by being loaded.
const LIMIT_MS = 20_000
setTimeout(() => {
  console.error(`a module keeps the process alive after being loaded: ${process.getActiveResourcesInfo().join(', ')}`)
  process.exit(1)
}, LIMIT_MS).unref()

const check = spawnSync(process.execPath, ['--check', 'src/main.ts'], { stdio: 'inherit' })
if (check.status !== 0) process.exit(1)

const files = globSync('src/**/*.ts', { exclude: ['src/main.ts', '**/*.test.ts', '**/*.d.ts'] })
await Promise.all(files.map((file) => import(resolve(file))))
console.log(`${files.length + 1} modules load on Node ${process.version}`)
