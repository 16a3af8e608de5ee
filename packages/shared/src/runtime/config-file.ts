import { readFile } from 'node:fs/promises'
import type { GenericSchema, InferOutput } from 'valibot'
import type { Log } from './log.ts'
import { parseConfig, WrongConfig } from './parse-config.ts'
import { pause } from './pause.ts'

/** A configuration file that is followed: its content as last found valid. */
export type ConfigFile<T> = AsyncDisposable & {
  current(): T
  /** Looks now, and not only when it is time. */
  check(): Promise<void>
  onChange(listener: (config: T) => void): void
  close(): Promise<void>
}

/** Reads a YAML file by a schema. A file that is not there is a mistake like those in it (WrongConfig). */
export async function readConfigFile<S extends GenericSchema>(
  file: string,
  schema: S,
): Promise<{ text: string; config: InferOutput<S> }> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new WrongConfig([
      `${file}: expected a file that can be read (its folder is KEEPR_CONFIG_DIR), but: ${error.message}`,
    ])
  })
  return { text, config: parseConfig(file, text, schema) }
}

type ConfigOptions = { pollMs: number; log: Log }

/**
 * Opens a YAML file and follows it. A mistake in it stops the start (WrongConfig); later a changed file replaces the
 * content if it is valid, and else is refused and told. The text is compared, not watched for events: editors and
 * Kubernetes replace files and the folders they are in.
 */
export async function openConfigFile<S extends GenericSchema>(
  file: string,
  schema: S,
  { pollMs, log }: ConfigOptions,
): Promise<ConfigFile<InferOutput<S>>> {
  const closing = new AbortController()
  const listeners: ((config: InferOutput<S>) => void)[] = []
  const first = await readConfigFile(file, schema)
  let seen: string | undefined = first.text
  let { config } = first

  async function check() {
    const before = seen
    try {
      seen = await readFile(file, 'utf8')
    } catch (error) {
      seen = undefined
      if (before !== undefined)
        log.error({ err: error, file }, 'the configuration cannot be read; the last good one is kept')
      return
    }
    if (seen === before) return
    try {
      config = parseConfig(file, seen, schema)
    } catch (error) {
      const why = error instanceof WrongConfig ? { mistakes: error.offences } : { err: error }
      log.error({ ...why, file }, 'the changed configuration is refused; the last good one is kept')
      return
    }
    log.info({ file }, 'the configuration was reloaded')
    for (const listener of listeners) listener(config)
  }

  async function follow() {
    while (!closing.signal.aborted) {
      await pause(pollMs, closing.signal)
      if (!closing.signal.aborted) await check()
    }
  }
  const following = follow().catch((error: unknown) =>
    log.error({ err: error, file }, 'the configuration is not followed any more'),
  )

  const close = async () => {
    closing.abort()
    await following
  }
  return {
    current: () => config,
    check,
    onChange: (listener) => void listeners.push(listener),
    close,
    [Symbol.asyncDispose]: close,
  }
}
