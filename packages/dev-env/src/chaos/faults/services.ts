import { setTimeout as pause } from 'node:timers/promises'
import { signal } from '../processes.ts'
import { type Product, type Service, SERVICES } from '../product.ts'
import type { Fault } from './fault.ts'

/** A service is expected to be up again after five seconds; while other things are broken it may take longer. */
const BACK_WITHIN_MS = 20_000

const kill = (service: Service, name: NodeJS.Signals, weight: number): Fault => ({
  name: `${name} ${service}`,
  victim: service,
  weight,
  strike: async ({ product }) => {
    const pid = product.pidOf(service)
    if (signal(pid, name)) await isBack(product, service, pid)
  },
})

const freeze = (service: Service, name: string, [least, most]: [number, number], weight: number): Fault => ({
  name: `${name} ${service}`,
  victim: service,
  weight,
  strike: async ({ product }, random) => {
    const pid = product.pidOf(service)
    if (!signal(pid, 'SIGSTOP')) return
    await pause(random.between(least, most))
    signal(pid, 'SIGCONT')
  },
})

/** Services die, end in order, freeze for a moment, and freeze for longer than their leases and locks last. */
export const serviceFaults: readonly Fault[] = [
  ...SERVICES.flatMap((service) => [
    // While the API is down there is no load that anything could be done to.
    kill(service, 'SIGKILL', service === 'api' ? 3 : 5),
    kill(service, 'SIGTERM', service === 'api' ? 1.5 : 2.5),
    freeze(service, 'freeze', [500, 4000], 2),
  ]),
  freeze('validation-worker', 'freeze for long', [12_000, 24_000], 0.7),
  freeze('webhook-worker', 'freeze for long', [12_000, 24_000], 0.7),
  {
    name: 'SIGKILL all services',
    victim: 'all services',
    weight: 2,
    strike: async ({ product }) => {
      const pids = SERVICES.map((service) => product.pidOf(service))
      for (const pid of pids) signal(pid, 'SIGKILL')
      await Promise.all(SERVICES.map((service, index) => isBack(product, service, pids[index])))
    },
  },
]

async function isBack(product: Product, service: Service, killed: number | undefined): Promise<void> {
  for (const end = Date.now() + BACK_WITHIN_MS; Date.now() < end; await pause(200)) {
    const pid = product.pidOf(service)
    if (pid !== undefined && pid !== killed) return
  }
}
