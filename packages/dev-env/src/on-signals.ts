// Ctrl-C comes twice: from the terminal to the whole group, and handed on by the launcher.
const SAME_SIGNAL_MS = 1000

type Asked = { once: (signal: string) => void; again: () => void }

/** What is done when the process is asked to end, and when it is asked once more. */
export function onSignals({ once, again }: Asked): void {
  let since: number | undefined
  const onSignal = (signal: string) => {
    if (since === undefined) {
      since = performance.now()
      once(signal)
    } else if (performance.now() - since > SAME_SIGNAL_MS) again()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
}
