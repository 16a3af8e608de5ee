import type { Supervised } from '@keepr/dev-env/supervise'

/** How late the timers of a process ran at worst (p99), in milliseconds, as its metrics tell. */
export async function loopLag({ readyUrl }: Supervised): Promise<number> {
  const answer = await fetch(readyUrl.replace(/readyz$/u, 'metrics'))
  const [, seconds] = /^nodejs_eventloop_lag_p99_seconds(?:\{[^}]*\})? (\S+)$/mu.exec(await answer.text()) ?? []
  return Number(seconds) * 1000
}
