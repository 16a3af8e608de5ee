import { onSignals } from './on-signals.ts'

/** Ends the process by what is asked of it: the first process of a container is not ended by a signal that it does not handle. */
export function endOnSignal(server: { stop(): Promise<void> }): void {
  onSignals({ once: () => void server.stop().finally(() => process.exit(0)), again: () => process.exit(1) })
}
