import { setTimeout as pause } from 'node:timers/promises'
import { signal } from '../processes.ts'
import type { Product } from '../product.ts'
import type { Fault } from './fault.ts'

const BACK_WITHIN_MS = 30_000

const end = (name: string, how: NodeJS.Signals, weight: number): Fault => ({
  name,
  victim: 'postgres',
  weight,
  strike: async ({ product }) => {
    const pid = product.postmaster()
    if (signal(pid, how)) await isBack(product, pid)
  },
})

/** PostgreSQL crashes, is restarted in both manners, freezes, and loses connections; `npm start` starts it again. */
export const databaseFaults: readonly Fault[] = [
  end('restart PostgreSQL (immediate)', 'SIGQUIT', 2),
  end('restart PostgreSQL (fast)', 'SIGINT', 1),
  end('SIGKILL the postmaster', 'SIGKILL', 1),
  {
    name: 'freeze PostgreSQL',
    victim: 'postgres',
    weight: 1.5,
    strike: async ({ product }, random) => {
      const pids = product.postgresPids()
      for (const pid of pids) signal(pid, 'SIGSTOP')
      await pause(random.between(500, 6000))
      for (const pid of pids) signal(pid, 'SIGCONT')
    },
  },
  {
    name: 'SIGKILL one PostgreSQL backend',
    victim: 'postgres',
    weight: 0.7, // all others end with it, as after a crash
    strike: async ({ product }, random) => {
      const pid = product.postmaster()
      const backend = random.pick(product.postgresPids().slice(1))
      if (signal(backend, 'SIGKILL')) await pause(1000)
      if (product.postmaster() !== pid) await isBack(product, pid)
    },
  },
  {
    name: 'cut connections to PostgreSQL',
    victim: 'postgres connections',
    weight: 3,
    strike: async ({ admin }, random) => {
      const share = random.next()
      await admin`
        select pg_terminate_backend(pid) from pg_stat_activity
         where application_name like 'keepr-%' and random() < ${share}`
    },
  },
]

async function isBack(product: Product, ended: number | undefined): Promise<void> {
  for (const until = Date.now() + BACK_WITHIN_MS; Date.now() < until; await pause(200)) {
    const pid = product.postmaster()
    if (pid !== undefined && pid !== ended) return
  }
  throw new Error('PostgreSQL was not started again')
}
