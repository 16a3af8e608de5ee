import { SubscriberConfig } from '@keepr/shared/schemas/subscriber-config'
import { TokenIssuerConfig } from '@keepr/shared/schemas/token-issuers'
import { TypeConfig, ValidatorConfig } from '@keepr/shared/schemas/type-config'
import { limitSettings } from '@keepr/shared/runtime/settings/limit-settings'
import { retentionSettings } from '@keepr/shared/runtime/settings/retention-settings'
import { serviceSettings } from '@keepr/shared/runtime/settings/service-settings'
import { storageSettings } from '@keepr/shared/runtime/settings/storage-settings'
import { tokenSettings } from '@keepr/shared/runtime/settings/token-settings'
import { workerSettings } from '@keepr/shared/runtime/settings/worker-settings'
import type { Setting } from '@keepr/shared/runtime/settings/setting'
import * as v from 'valibot'

const SECTIONS: readonly (readonly [title: string, settings: Readonly<Record<string, Setting>>])[] = [
  ['The process', serviceSettings],
  ['PostgreSQL and the queue', storageSettings],
  ['Tokens', tokenSettings],
  ['Limits', limitSettings],
  ['Workers and outbound calls', workerSettings],
  ['What is kept, and for how long', retentionSettings],
]

const OPTIONS: readonly (readonly [title: string, entries: v.ObjectEntries])[] = [
  ['A type', TypeConfig.entries],
  ["A type's validator", ValidatorConfig.entries],
  ['A subscriber', SubscriberConfig.entries],
  ['An issuer of tokens', TokenIssuerConfig.entries],
]

const INTRODUCTION = `# Configuration

Settings come from the environment. An empty one counts as absent. A wrong one stops the start with a message that lists every
offence and what was expected; a misspelt \`KEEPR_…\` is warned of. Durations are written as \`200ms\`, \`2s\`, \`15m\`, \`24h\` or \`90d\`,
sizes as \`64kB\`, \`1MiB\` or a number of bytes. A setting marked *secret* may come from a file instead, named by the same
setting with \`_FILE\` (\`DATABASE_URL_FILE=/run/secrets/database-url\`), and its value is never shown.

Types and their validators stand in \`artifact_type_config.yaml\`, subscribers in \`webhooks.yaml\`, both in \`KEEPR_CONFIG_DIR\`; they are
read again when they change, and a mistake is refused while the last good one goes on. \`npm run config:check\` checks them, and
their JSON Schemas for editors stand in \`config/schema\`. What they can say stands below: [a type](#a-type), [its validator](#a-types-validator),
[a subscriber](#a-subscriber); [Writing a validator](VALIDATORS.md) and [Receiving webhooks](WEBHOOKS.md) show how it is used.
Where there are several issuers of tokens, they stand under \`issuers:\` in the file of \`JWT_ISSUERS_FILE\`, each as told [below](#an-issuer-of-tokens).

This page is made from the settings and schemas in the code by \`npm run generated\`, and a test compares the two.`

/** docs/configuration.md: every setting and every option of the files, as the code knows them. */
export function configurationPage(): string {
  const settings = SECTIONS.map(([title, entries]) => `## ${title}\n\n${table(entries)}`)
  const options = OPTIONS.map(([title, entries]) => `## ${title}\n\n${optionsTable(entries)}`)
  return `${[INTRODUCTION, ...settings, ...options].join('\n\n')}\n`
}

const table = (settings: Readonly<Record<string, Setting>>) =>
  [
    '| setting | takes | default | read by | |',
    '|---|---|---|---|---|',
    ...Object.entries(settings).map((entry) => `| ${rowOf(...entry).join(' | ')} |`),
  ].join('\n')

const rowOf = (name: string, setting: Setting): string[] => [
  `\`${name}\``,
  `${taken(setting)}${setting.secret === true ? '; *secret*' : ''}`,
  defaultOf(setting),
  setting.readBy.filter((service) => service !== 'dev-env').join(', ') || '`npm start`',
  setting.about.replaceAll('|', '\\|'),
]

function defaultOf({ default: text, defaultsTo, optional }: Setting): string {
  if (text !== undefined) return text === '' ? 'none' : `\`${text}\``
  if (defaultsTo !== undefined) return `\`${defaultsTo}\``
  return optional === true ? '' : '**required**'
}

const optionsTable = (entries: v.ObjectEntries) =>
  [
    '| option | takes | default | |',
    '|---|---|---|---|',
    ...Object.entries(entries).map((entry) => `| ${optionRow(...entry).join(' | ')} |`),
  ].join('\n')

function optionRow(name: string, schema: v.ObjectEntries[string]): string[] {
  const option = 'wrapped' in schema ? schema.wrapped : schema
  const takes = 'entries' in option ? 'options of its own, below' : (expected(option, '\u0000') ?? expected(option, {}))
  return [`\`${name}\``, takes ?? 'a text', defaultOfOption(schema), v.getDescription(schema) ?? '']
}

function defaultOfOption(schema: v.ObjectEntries[string]): string {
  if (!('wrapped' in schema)) return '**required**'
  const value = v.getDefault(schema)
  if (value === undefined) return ''
  return typeof value === 'string' || typeof value === 'boolean' ? `\`${value}\`` : 'none'
}

const taken = ({ type }: Setting): string => expected(type, '\u0000') ?? 'a text'

/** What a schema says was expected instead of a value that no schema but a free one takes. */
const expected = (schema: v.GenericSchema, value: unknown) => v.safeParse(schema, value).issues?.[0].message
