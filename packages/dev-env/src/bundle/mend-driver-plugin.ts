import { mendDriver } from '@keepr/db/driver/mend-driver'
import type { Plugin } from 'rolldown'

/** Mends the PostgreSQL driver in a bundle, as the services do when they load it from its package (decision 0011). */
export function mendDriverPlugin(): Plugin {
  let wanted = false
  let mended = false
  return {
    name: 'mend-driver',
    transform(code, id) {
      if (id.endsWith('/packages/db/src/driver/postgres.ts')) wanted = true
      const text = mendDriver(id, code)
      if (text === undefined) return undefined
      mended = true
      return { code: text, map: null }
    },
    buildEnd() {
      if (wanted && !mended) throw new Error('the bundle uses the PostgreSQL driver, but holds it with its faults')
    },
  }
}
