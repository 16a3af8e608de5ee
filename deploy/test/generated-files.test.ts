import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { built } from '@keepr/db/require-schema'
import { root } from '@keepr/dev-env/data-dir'
import { SubscriberConfig } from '@keepr/shared/schemas/subscriber-config'
import { TokenIssuerConfig } from '@keepr/shared/schemas/token-issuers'
import { TypeConfig, ValidatorConfig } from '@keepr/shared/schemas/type-config'
import { catalogue } from '@keepr/shared/runtime/settings/catalogue'
import { expect, test } from 'vitest'
import { generatedFiles } from '../build/generated-files.ts'

test.each(Object.entries(generatedFiles()))('%s is what npm run generated makes', (path, made) => {
  expect(readFileSync(join(root, path), 'utf8') === made, `${path} is stale: npm run generated`).toBe(true)
})

test('docs/configuration.md has every setting once', () => {
  const listed = [...readFileSync(join(root, 'docs/configuration.md'), 'utf8').matchAll(/^\| `([A-Z0-9_]+)`/gm)]
  expect(new Set(listed.map(([, name]) => name))).toEqual(new Set(Object.keys(catalogue)))
  expect(listed).toHaveLength(Object.keys(catalogue).length)
})

test('docs/configuration.md has every option of a type, a validator, a subscriber and an issuer, with what it means', () => {
  const page = readFileSync(join(root, 'docs/configuration.md'), 'utf8')
  const listed = [...page.matchAll(/^\| `([a-z_]+)` \|.* \| \S.* \|$/gm)].map(([, name]) => name)
  const options = [TypeConfig, ValidatorConfig, SubscriberConfig, TokenIssuerConfig].flatMap(({ entries }) =>
    Object.keys(entries),
  )
  expect(listed).toEqual(options)
})

test('the chart states this release, of which it starts the images', () => {
  const chart = readFileSync(join(root, 'deploy/helm/keepr/Chart.yaml'), 'utf8')
  expect(/^appVersion: (.+)$/m.exec(chart)?.[1]).toBe(built.release)
})
