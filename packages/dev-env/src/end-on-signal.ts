/** Ends the process by what is asked of it: the first process of a container is not ended by a signal that it does not handle. */
export function endOnSignal(server: { stop(): Promise<void> }): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void server.stop().finally(() => process.exit(0)))
}
