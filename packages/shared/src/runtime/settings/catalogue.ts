import { limitSettings } from './limit-settings.ts'
import { retentionSettings } from './retention-settings.ts'
import { serviceSettings } from './service-settings.ts'
import { storageSettings } from './storage-settings.ts'
import { tokenSettings } from './token-settings.ts'
import { workerSettings } from './worker-settings.ts'

/** Every setting of the product, by its name in the environment. Documentation and chart are tested against this. */
export const catalogue = {
  ...serviceSettings,
  ...storageSettings,
  ...tokenSettings,
  ...limitSettings,
  ...workerSettings,
  ...retentionSettings,
}
