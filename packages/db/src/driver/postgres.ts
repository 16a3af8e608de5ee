import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { mendDriver } from './mend-driver.ts'

/** The driver for PostgreSQL with its faults mended (mend-driver.ts) as it is loaded; in a bundle the bundler has done that already. */
export const postgres = await load()

async function load() {
  const hooks = registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!url.startsWith('file:') || !loaded.source) return loaded
      const text = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
      const source = mendDriver(fileURLToPath(url), text)
      return source === undefined ? loaded : { ...loaded, source }
    },
  })
  try {
    return (await import('postgres')).default
  } finally {
    hooks.deregister()
  }
}
