import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '@keepr/dev-env/data-dir'
import { valuesSchema } from './values-schema.ts'
import { valuesTable } from './values-table.ts'

const CHART = 'deploy/helm/keepr'
const ALERTS = 'deploy/prometheus/alerts.yaml'
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** The files of the chart that are made from others, by path: the table of values, their schema, the alert rules. */
export function chartFiles(): Record<string, string> {
  const readme = read(`${CHART}/README.md`)
  const table = valuesTable(read(`${CHART}/values.yaml`))
  return {
    [`${CHART}/README.md`]: readme.replace(/(<!-- values -->\n)[^]*(<!-- end of values -->)/, `$1\n${table}\n$2`),
    [`${CHART}/values.schema.json`]: `${JSON.stringify(valuesSchema(read(`${CHART}/values.yaml`)), null, 2)}\n`,
    ...(existsSync(join(root, ALERTS)) ? { [`${CHART}/files/alerts.yaml`]: read(ALERTS) } : {}),
  }
}
