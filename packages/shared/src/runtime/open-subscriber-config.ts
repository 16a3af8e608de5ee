import { join } from 'node:path'
import { SubscriberConfigFile } from '../schemas/subscriber-config.ts'
import { type ConfigFile, openConfigFile } from './config-file.ts'
import type { Log } from './log.ts'

type Where = { keeprConfigDir: string; configPollInterval: number }

/** Opens the operator's subscribers and follows them. */
export const openSubscriberConfig = (
  { keeprConfigDir, configPollInterval }: Where,
  log: Log,
): Promise<ConfigFile<SubscriberConfigFile>> =>
  openConfigFile(join(keeprConfigDir, 'webhooks.yaml'), SubscriberConfigFile, { pollMs: configPollInterval, log })
