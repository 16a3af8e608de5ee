/** What whoever operates Keepr has to change: its message says all, and where the code noticed it helps nobody. */
export abstract class OperatorMistake extends Error {}

/** Starts a program. One that cannot start for a mistake of its operator says so in plain lines, and ends with 1. */
export async function startOrTell(start: () => Promise<void>): Promise<void> {
  try {
    await start()
  } catch (error) {
    if (!(error instanceof OperatorMistake)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}
