import type { Run } from './alternate.ts'

const RUNS = 3

/**
 * Runs both sides before they are measured. The product has far more code than a floor, and code that has not run for some
 * thousand requests is slower: what is measured is a service that has been up for a while.
 */
export async function warmUp(sides: { keepr: () => Promise<Run>; floor: () => Promise<Run> }): Promise<void> {
  await sides.floor()
  for (let run = 0; run < RUNS; run++) await sides.keepr()
}
