import { median } from '../report/median.ts'

export type Alternated = { keepr: number; floor: number; ratio: number }

/**
 * Runs both sides in turns, the order changing each time, and gives the medians. The ratio is the median over the pairs:
 * what disturbs a shared machine disturbs both runs of a pair alike.
 */
export async function alternate(
  rounds: number,
  sides: { keepr: () => Promise<number>; floor: () => Promise<number> },
): Promise<Alternated> {
  const pairs: { keepr: number; floor: number }[] = []
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) {
      const floor = await sides.floor()
      pairs.push({ floor, keepr: await sides.keepr() })
    } else {
      const keepr = await sides.keepr()
      pairs.push({ keepr, floor: await sides.floor() })
    }
  }
  return {
    keepr: median(pairs.map(({ keepr }) => keepr)),
    floor: median(pairs.map(({ floor }) => floor)),
    ratio: median(pairs.map(({ keepr, floor }) => keepr / floor)),
  }
}
