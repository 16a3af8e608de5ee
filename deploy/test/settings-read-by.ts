import type { Service, Setting } from '@keepr/shared/runtime/settings/setting'
import { catalogue } from '@keepr/shared/runtime/settings/catalogue'

/** The names in the environment that a service reads: its settings, and `<NAME>_FILE` of those that are secret. */
export function settingsReadBy(service: Service): Set<string> {
  const own = Object.entries<Setting>(catalogue).filter(([, { readBy }]) => readBy.includes(service))
  return new Set(own.flatMap(([name, { secret }]) => (secret === true ? [name, `${name}_FILE`] : [name])))
}
