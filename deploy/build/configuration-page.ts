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

const INTRODUCTION = `# Configuration

Settings come from the environment. An empty one counts as absent. A wrong one stops the start with a message that lists every
offence and what was expected; a misspelt \`KEEPR_…\` is warned of. Durations are written as \`200ms\`, \`2s\`, \`15m\`, \`24h\` or \`90d\`,
sizes as \`64kB\`, \`1MiB\` or a number of bytes. A setting marked *secret* may come from a file instead, named by the same
setting with \`_FILE\` (\`DATABASE_URL_FILE=/run/secrets/database-url\`), and its value is never shown.

Types and their validators stand in \`artifact_type_config.yaml\`, subscribers in \`webhooks.yaml\`, both in \`KEEPR_CONFIG_DIR\`; they are
read again when they change, and a mistake is refused while the last good one goes on. \`npm run config:check\` checks them, and
their JSON Schemas for editors stand in \`config/schema\`. [Writing a validator](VALIDATORS.md) tells of the types' options.

This page is made from the settings in the code by \`npm run generated\`, and a test compares the two.`

/** docs/configuration.md: every setting, as the code knows it. */
export function configurationPage(): string {
  const sections = SECTIONS.map(([title, settings]) => `## ${title}\n\n${table(settings)}`)
  return `${[INTRODUCTION, ...sections].join('\n\n')}\n`
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

/** What the type says was expected, told by a text that no type but a free one takes. */
function taken({ type }: Setting): string {
  const refused = v.safeParse(type, '\u0000')
  return refused.success ? 'a text' : refused.issues[0].message
}
