import type { LookupAddress, LookupAllOptions } from 'node:dns'
import type { Lookup } from './guarded-agent.ts'

type Found = { error: NodeJS.ErrnoException | null; addresses: LookupAddress[] }

/** A name whose server lets us wait for so long may hang the next time too. */
const SLOW_MS = 1000

/**
 * Two threads look names up for the whole process, and a name whose server does not answer holds one of them for ten seconds and
 * more: calls to one dead host would keep everybody from being called, and the database from being found again. So each name is
 * looked up once for all who ask meanwhile, and of those that hung the last time one at a time.
 */
export function sparingLookup(lookup: Lookup): Lookup {
  const underWay = new Map<string, Promise<Found>>()
  const hanging = new Set<string>()
  let lastHanging: Promise<unknown> = Promise.resolve()

  const ask = (hostname: string, options: LookupAllOptions) =>
    new Promise<Found>((resolve) => {
      let isSlow = false
      const timer = setTimeout(() => {
        isSlow = true
        hanging.add(hostname)
      }, SLOW_MS)
      lookup(hostname, options, (error, addresses) => {
        clearTimeout(timer)
        if (!error || !isSlow) hanging.delete(hostname)
        resolve({ error, addresses })
      })
    })

  function askInTurn(hostname: string, options: LookupAllOptions): Promise<Found> {
    if (!hanging.has(hostname)) return ask(hostname, options)
    const found = lastHanging.then(() => ask(hostname, options))
    lastHanging = found
    return found
  }

  return (hostname, options, answer) => {
    const key = `${hostname} ${options.family ?? 0} ${options.hints ?? 0}`
    const found = underWay.get(key) ?? askInTurn(hostname, options).finally(() => underWay.delete(key))
    underWay.set(key, found)
    void found.then(({ error, addresses }) => answer(error, addresses))
  }
}
