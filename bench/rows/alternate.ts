import { median } from '../report/median.ts'
import type { CpuTime } from '../stage/cpu-time.ts'
import type { Bench } from '../stage/bench.ts'

/** One run of one side. A side that is a program of its own tells its CPU time by itself, as it has ended when others are asked. */
export type Run = { answers: number; perSecond: number; cpuSeconds?: number }
/** Milliseconds of CPU time for one answer, by part, without the load generator. */
export type CpuOfAnswer = Record<string, number>
export type Alternated = {
  keepr: number
  floor: number
  ratio: number
  cpu?: { keepr: CpuOfAnswer; floor: CpuOfAnswer } | undefined
}

type Measured = { perSecond: number; cpu: CpuOfAnswer | undefined }

/**
 * Runs both sides in turns, the order changing each time, and gives the medians. The ratio is the median over the pairs:
 * what disturbs a shared machine disturbs both runs of a pair alike.
 */
export async function alternate(
  bench: Bench,
  sides: { keepr: () => Promise<Run>; floor: () => Promise<Run> },
): Promise<Alternated> {
  const pairs: { keepr: Measured; floor: Measured }[] = []
  for (let round = 0; round < bench.options.rounds; round++) {
    if (round % 2 === 0) {
      const floor = await measure(bench, sides.floor)
      pairs.push({ floor, keepr: await measure(bench, sides.keepr) })
    } else {
      const keepr = await measure(bench, sides.keepr)
      pairs.push({ keepr, floor: await measure(bench, sides.floor) })
    }
  }
  const cpuOf = (side: 'keepr' | 'floor') => leastOf(pairs.map((pair) => pair[side].cpu ?? {}))
  return {
    keepr: median(pairs.map(({ keepr }) => keepr.perSecond)),
    floor: median(pairs.map(({ floor }) => floor.perSecond)),
    ratio: median(pairs.map(({ keepr, floor }) => keepr.perSecond / floor.perSecond)),
    cpu: pairs[0]?.keepr.cpu && { keepr: cpuOf('keepr'), floor: cpuOf('floor') },
  }
}

async function measure(bench: Bench, side: () => Promise<Run>): Promise<Measured> {
  const before = bench.cpuTime()
  const { perSecond, answers, cpuSeconds = 0 } = await side()
  return { perSecond, cpu: perAnswer(before, bench.cpuTime(), { answers, cpuSeconds }) }
}

function perAnswer(
  before: CpuTime | undefined,
  after: CpuTime | undefined,
  { answers, cpuSeconds }: { answers: number; cpuSeconds: number },
): CpuOfAnswer | undefined {
  if (!before || !after) return undefined
  const parts = Object.entries(after).map(([name, seconds]) => {
    const used = seconds - (before[name] ?? 0) + (name === 'rest' ? cpuSeconds : 0)
    return [name, (Math.max(used, 0) * 1000) / answers] as const
  })
  return Object.fromEntries(parts)
}

/** The cheapest run: whatever disturbs can only add to it. */
function leastOf(runs: readonly CpuOfAnswer[]): CpuOfAnswer {
  const whole = (run: CpuOfAnswer) => Object.values(run).reduce((sum, each) => sum + each, 0)
  return runs.toSorted((a, b) => whole(a) - whole(b))[0] ?? {}
}
