import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SecretSource } from './secret-source.ts'

/** Secrets in a folder, one file each. Read anew each time: Kubernetes swaps the folder when a secret changes. */
export const filesSource = (folder: string): SecretSource => ({
  kind: 'files',
  async find(name) {
    try {
      return (await readFile(join(folder, name), 'utf8')).replace(/\r?\n$/, '')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  },
  close: () => {},
})
