import { readFileSync } from 'node:fs'
import type { InferOutput } from 'valibot'
import * as v from 'valibot'
import { catalogue } from './settings/catalogue.ts'
import { combinedRules } from './settings/combined-rules.ts'
import type { Service, Setting } from './settings/setting.ts'
import { OperatorMistake } from './start-or-tell.ts'

type Catalogue = typeof catalogue
type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}${Capitalize<CamelCase<Tail>>}`
  : Lowercase<S>
type NamesReadBy<S extends Service> = {
  [Name in keyof Catalogue]: S extends Catalogue[Name]['readBy'][number] ? Name : never
}[keyof Catalogue]
type Value<S extends Setting> = S extends { optional: true; defaultsTo?: undefined }
  ? InferOutput<S['type']> | undefined
  : InferOutput<S['type']>

/** The environment's name of a setting. */
export type SettingName = keyof Catalogue

/** Settings as the code uses them: `DATABASE_URL` is `databaseUrl`, durations are milliseconds, sizes bytes. */
export type SettingsNamed<Names extends SettingName> = {
  readonly [Name in Names as CamelCase<Name>]: Value<Catalogue[Name]>
}

/** What one service reads. */
export type SettingsOf<S extends Service> = SettingsNamed<NamesReadBy<S>>

/** The environment holds settings that cannot be used; the message lists each of them with what was expected. */
export class WrongSettings extends OperatorMistake {
  override readonly name = 'WrongSettings'
  readonly offences: readonly string[]

  constructor(offences: readonly string[]) {
    super(`wrong settings:\n${offences.map((offence) => `  ${offence}`).join('\n')}`)
    this.offences = offences
  }
}

type Env = Readonly<Record<string, string | undefined>>

/** Reads what a service (or a list of names) needs from the environment, or throws one error that lists every offence. */
export function readSettings<S extends Service>(env: Env, service: S): SettingsOf<S>
export function readSettings<const Names extends readonly SettingName[]>(
  env: Env,
  names: Names,
): SettingsNamed<Names[number]>
export function readSettings(env: Env, wanted: Service | readonly SettingName[]): Record<string, unknown> {
  const names = typeof wanted === 'string' ? namesReadBy(wanted) : wanted
  const offences: string[] = []
  const values = Object.fromEntries(names.map((name) => [camelCase(name), readOne(env, name, offences)]))
  for (const rule of combinedRules) {
    if (typeof wanted !== 'string' || !rule.readBy.includes(wanted)) continue
    const offence = rule.offence(values)
    if (offence !== undefined) offences.push(offence)
  }
  if (offences.length > 0) throw new WrongSettings(offences)
  return values
}

/** Warns of names that look like settings of ours but are none: most likely they are misspelt. */
export function warnOfUnknownSettings(env: Env, warn: (warning: string) => void): void {
  for (const name of Object.keys(env))
    if (name.startsWith('KEEPR_') && settingNamed(name.replace(/_FILE$/, '')) === undefined)
      warn(`${name} is no setting of Keepr`)
}

const settingNamed = (name: string): Setting | undefined =>
  // SAFETY: hasOwn has just shown that the name is a key of the catalogue.
  Object.hasOwn(catalogue, name) ? catalogue[name as SettingName] : undefined

const namesReadBy = (service: Service): SettingName[] =>
  // SAFETY: the keys of an object literal that nothing changes are exactly its declared keys.
  (Object.keys(catalogue) as SettingName[]).filter((name) => {
    const { readBy }: Setting = catalogue[name]
    return readBy.includes(service)
  })

function readOne(env: Env, name: SettingName, offences: string[]): unknown {
  const setting: Setting = catalogue[name]
  const text = textOf(env, name, setting, offences) ?? setting.default
  if (text === undefined) {
    if (setting.defaultsTo !== undefined) return readStandIn(env, setting.defaultsTo)
    if (setting.optional !== true) offences.push(`${name}: expected ${expectation(setting)}, but it is not set`)
    return undefined
  }
  const result = v.safeParse(setting.type, text)
  if (result.success) return result.output
  const seen = setting.secret === true ? 'another text' : JSON.stringify(text)
  offences.push(`${name}: expected ${result.issues[0].message}, but it is ${seen}`)
  return text // so that nothing is said to be missing beside it
}

// The other setting reports its own offences where it is read.
function readStandIn(env: Env, name: string): unknown {
  // SAFETY: a test holds that every `defaultsTo` names a setting.
  return readOne(env, name as SettingName, [])
}

/** The text of a setting. An empty one counts as absent, as in `docker compose` files with `NAME=${NAME:-}`. */
function textOf(env: Env, name: string, setting: Setting, offences: string[]): string | undefined {
  const text = env[name] === '' ? undefined : env[name]
  const file = setting.secret === true ? env[`${name}_FILE`] : undefined
  if (file === undefined || file === '') return text
  if (text !== undefined) {
    offences.push(`${name}: expected either ${name} or ${name}_FILE, but both are set`)
    return text
  }
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (cause) {
    offences.push(
      `${name}_FILE: expected a readable file, but ${cause instanceof Error ? cause.message : 'it is none'}`,
    )
    return undefined
  }
}

const expectation = (setting: Setting): string => {
  const refused = v.safeParse(setting.type, '\u0000')
  return refused.success ? 'a text' : refused.issues[0].message
}

const camelCase = (name: string) =>
  name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
