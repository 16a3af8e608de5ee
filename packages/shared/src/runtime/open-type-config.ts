import { join } from 'node:path'
import type { TypeConfig, TypeConfigFile } from '../schemas/type-config.ts'
import { type ConfigFile, openConfigFile } from './config-file.ts'
import type { Log } from './log.ts'
import { CheckedTypeConfigFile } from './type-config-file.ts'

type Where = { keeprConfigDir: string; configPollInterval: number }
type Followed = ConfigFile<TypeConfigFile> & { byName(): ReadonlyMap<string, TypeConfig> }

/** Opens the operator's artifact types and follows them. */
export async function openTypeConfig({ keeprConfigDir, configPollInterval }: Where, log: Log): Promise<Followed> {
  const file = await openConfigFile(join(keeprConfigDir, 'artifact_type_config.yaml'), CheckedTypeConfigFile, {
    pollMs: configPollInterval,
    log,
  })
  let types = new Map(Object.entries(file.current().types))
  file.onChange((config) => {
    types = new Map(Object.entries(config.types))
  })
  return { ...file, byName: () => types }
}
