import type { Log } from './log.ts'
import { pause } from './pause.ts'

/** Does something again and again, with a rest in between, until closed. A failure is told and does not end it. */
export function every(
  restMs: number,
  what: string,
  work: () => Promise<unknown>,
  log: Log,
): AsyncDisposable & { close(): Promise<void> } {
  const closing = new AbortController()
  async function run() {
    while (!closing.signal.aborted) {
      await work().catch((error: unknown) =>
        log.error({ err: error, what }, 'recurring work failed; it is tried again'),
      )
      await pause(restMs, closing.signal)
    }
  }
  const running = run()
  const close = async () => {
    closing.abort()
    await running
  }
  return { close, [Symbol.asyncDispose]: close }
}
