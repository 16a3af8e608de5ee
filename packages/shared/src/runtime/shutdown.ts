import type { Log } from './log.ts'
import { within } from './within.ts'

/** What is closed when the process ends, and in which order. */
export type Closer = readonly [name: string, close: () => Promise<unknown> | void]

type ShutdownOptions = { log: Log; graceMs: number; closers: readonly Closer[] }

/**
 * Ends the process in order at SIGTERM and SIGINT: closers run one after the other, all of them within the grace. A
 * second signal ends it at once, and so does an error that nobody caught: what state it left behind nobody knows.
 */
export function endInOrder({ log, graceMs, closers }: ShutdownOptions): void {
  let ending = false

  async function end(signal: string) {
    if (ending) {
      log.warn({ signal }, 'ended at once by a second signal')
      process.exit(1)
    }
    ending = true
    log.info({ signal }, 'ending')
    const endsAt = performance.now() + graceMs
    // Each closer has a deadline already; this one is for what goes wrong with the deadlines.
    setTimeout(() => process.exit(1), graceMs + 500).unref()
    let clean = true
    for (const [name, close] of closers) {
      try {
        await within(Math.max(endsAt - performance.now(), 1), `closing ${name}`, Promise.resolve(close()))
      } catch (error) {
        clean = false
        log.error({ err: error, part: name }, 'a part did not close in order')
      }
    }
    log.info({ clean }, 'ended')
    process.exit(clean ? 0 : 1)
  }

  process.on('SIGTERM', (signal) => void end(signal))
  process.on('SIGINT', (signal) => void end(signal))
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => {
      log.fatal({ err: error, event }, 'an error was caught by nobody')
      process.exit(1)
    })
}
