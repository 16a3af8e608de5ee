import { accessSync, constants, mkdirSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'

/** The project's root. */
export const root = join(import.meta.dirname, '../../..')

/** Folders in settings are relative to the project's root, wherever a command was started. */
export const dataDirOf = (folder: string): string => (isAbsolute(folder) ? folder : join(root, folder))

/** Makes the folder where it is missing, and says whose setting it is where nothing can be kept in it. */
export function makeDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true })
    accessSync(dataDir, constants.W_OK)
  } catch (cause) {
    throw new Error(`KEEPR_DATA_DIR: nothing can be kept in ${dataDir}; name another folder`, { cause })
  }
}
