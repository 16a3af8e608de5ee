/** What a floor that is a program of its own did, and the CPU time that this took it. */
export type ProgramRun = { answers: number; perSecond: number; cpuSeconds: number }

/** Starts the clocks. @returns what reads them, when so much was done */
export function beginRun(): (answers: number) => ProgramRun {
  const startedAt = performance.now()
  const usedBefore = process.cpuUsage()
  return (answers) => {
    const { user, system } = process.cpuUsage(usedBefore)
    return {
      answers,
      perSecond: answers / ((performance.now() - startedAt) / 1000),
      cpuSeconds: (user + system) / 1_000_000,
    }
  }
}
