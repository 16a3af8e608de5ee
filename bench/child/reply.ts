import type { Program } from './child.ts'

/** Makes this process a program that answers what its parent asks (child.ts), and ends with it. */
export function reply(work: Program): void {
  process.on('message', (message) => {
    // SAFETY: only the parent that started this file sends messages, with this program's own input.
    work(message as never).then(
      (output) => process.send?.({ output }),
      (error: unknown) =>
        process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
  process.once('disconnect', () => process.exit(0))
}
