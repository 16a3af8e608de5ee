import { setTimeout as pause } from 'node:timers/promises'

/** Waits until the condition gives something truthy, and gives that; fails by name when it takes too long. */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  what: string,
  timeoutMs = 15_000,
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const end = Date.now() + timeoutMs
  for (let waitMs = 5; ; waitMs = Math.min(waitMs * 1.5, 100)) {
    const found = await condition()
    // SAFETY: what is falsy was just excluded.
    if (found) return found as Exclude<T, false | null | undefined | 0 | ''>
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`)
    await pause(waitMs)
  }
}
