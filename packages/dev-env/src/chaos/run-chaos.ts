import { setTimeout as pause } from 'node:timers/promises'
import { runFaults } from './faults/run-faults.ts'
import { createHistory } from './history.ts'
import { checkInvariants } from './invariants/check-invariants.ts'
import { finding } from './invariants/invariant.ts'
import { runLoad } from './load/run-load.ts'
import { describeMeasured, measure } from './measure.ts'
import { createRandom } from './random.ts'
import { report } from './report.ts'
import { settle } from './settle.ts'
import { openStage } from './stage.ts'

export type ChaosOptions = {
  minutes: number
  seed: string
  queue: 'redis' | 'postgres'
  clients: number
  /** Everything of the run is kept here: data, configuration, the product's log. */
  folder: string
  signal: AbortSignal
  note: (line: string) => void
}

/** Load without faults, so that growth is measured against processes that have worked. */
const WARM_UP_MS = 4000
/** Users go on for a moment when everything is well again: their submissions show that a validator is back. */
const QUIET_LOAD_MS = 4000

/** Breaks everything under load, lets it settle and looks whether any promise was broken. @returns the report */
export async function runChaos(options: ChaosOptions): Promise<{ text: string; held: boolean }> {
  const { minutes, seed, queue, clients, folder, signal, note } = options
  const random = createRandom(seed)
  const history = createHistory()
  await using stage = await openStage({ folder, queue, note })
  const { victims, subscribers, countJobs } = stage
  const { product, admin } = victims

  note('the load begins')
  const load = await runLoad({
    url: product.url,
    jwtSecret: product.jwtSecret,
    clients,
    random: random.fork('load'),
    history,
  })
  await pause(WARM_UP_MS)
  const before = await measure(product, admin)
  const beating = beat(history, note)
  const faults = await runFaults({
    victims,
    random: random.fork('faults'),
    durationMs: minutes * 60_000,
    note: (name) => note(`fault: ${name}`),
    signal,
  })
  note('the last fault is over')
  const lastFaultAt = Date.now()
  await pause(QUIET_LOAD_MS)
  await load.stop()
  const { tookMs: settledMs } = await settle(admin, countJobs, lastFaultAt, note)
  clearInterval(beating)
  await load.stopFollowing()

  const after = await measure(product, admin)
  const queued = await countJobs()
  const kept = await checkInvariants({ admin, history, product, subscribers, settledMs, queued, before, after })
  const stopped = await product.stop()
  const findings = [
    ...kept,
    finding('SIGTERM stops everything in order', 1, stopped === 0 ? [] : [`exit code ${stopped}`]),
    finding('every fault struck and was over in time', faults.struck.size, faults.failed),
  ]
  const held = findings.every(({ broken }) => broken.length === 0)
  const again = `npm run chaos -- --minutes ${minutes} --seed ${seed} --queue ${queue} --clients ${clients}`
  const text = report({
    title: `chaos: ${minutes} minutes, seed ${seed}, queue on ${queue}, ${clients} clients`,
    history,
    struck: faults.struck,
    findings,
    resources: [`at first: ${describeMeasured(before)}`, `at last:  ${describeMeasured(after)}`],
    settledMs,
  })
  const verdict = held
    ? '\nEvery invariant held.'
    : `\nAn invariant was broken. The same again: ${again}\nIts data and log: ${folder}`
  return { text: text + verdict, held }
}

/** One line now and then while it runs. */
function beat(history: ReturnType<typeof createHistory>, note: (line: string) => void): NodeJS.Timeout {
  return setInterval(() => {
    const answered = [...history.statuses.values()].reduce((sum, count) => sum + count, 0)
    note(`${answered} requests, ${history.acked.length} versions accepted, ${history.complaints.length} complaints`)
  }, 10_000).unref()
}
