import type { ConfigFile } from '../config-file.ts'
import type { Log } from '../log.ts'
import type { Secrets } from './secrets.ts'

type Parts<T> = { file: ConfigFile<T>; secrets: Secrets; templatesOf: (config: T) => string[]; log: Log }

/** Warns of each secret that a configuration names and no source has: now, and whenever it is reloaded. */
export async function warnOfMissing<T>({ file, secrets, templatesOf, log }: Parts<T>): Promise<void> {
  const warn = async (config: T) => {
    for (const secret of await secrets.missing(templatesOf(config)))
      log.warn({ secret }, 'a secret is missing: calls that need it fail with secret_missing')
  }
  file.onChange(
    (config) =>
      void warn(config).catch((error: unknown) => log.error({ err: error }, 'secrets could not be looked for')),
  )
  await warn(file.current())
}
