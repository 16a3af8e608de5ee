import { writeFileSync } from 'node:fs'
import { openBench } from './stage/bench.ts'
const [, , data, queue, out, mode] = process.argv
const shape = { versions: 5, contentBytes: 1000 }
const bench = await openBench({ queue: queue as 'redis', seconds: 2, rounds: 3, connections: 16,
  small: { artifacts: 10_000, ...shape }, large: { artifacts: 1_000_000, ...shape }, dataDir: data!, minutes: 1, rate: 200, progress: () => {} })
const product = process.env['LARGE'] ? await bench.large() : await bench.small()
if (mode === 'alone') await bench.apiAlone(product)
const floor = await bench.floorOf(product)
writeFileSync(out!, JSON.stringify({ url: product.url, headers: product.headers, databaseUrl: product.databaseUrl, floor: floor.url,
  pids: { api: product.network.services.api.pid, validation: product.network.services.validation.pid, webhook: product.network.services.webhook.pid, postgres: bench.databases.pid() } }))
setInterval(() => {}, 1e6)
process.on('SIGTERM', () => void bench[Symbol.asyncDispose]().then(() => process.exit(0)))
