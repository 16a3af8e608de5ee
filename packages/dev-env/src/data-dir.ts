import { isAbsolute, join } from 'node:path'

/** The project's root. */
export const root = join(import.meta.dirname, '../../..')

/** Folders in settings are relative to the project's root, wherever a command was started. */
export const dataDirOf = (folder: string): string => (isAbsolute(folder) ? folder : join(root, folder))
