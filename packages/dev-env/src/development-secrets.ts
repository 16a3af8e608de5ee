import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeDataDir } from './data-dir.ts'

export const DEVELOPMENT_ISSUER = 'keepr-development'
export const DEVELOPMENT_AUDIENCE = 'keepr'

export type DevelopmentSecrets = {
  jwt: string
  pythonValidatorToken: string
  sampleWebhookSecret: string
}

/** The secrets of one data folder: random, made on the first start, readable by its owner only. */
export function developmentSecrets(dataDir: string): DevelopmentSecrets {
  const file = join(dataDir, 'secrets.json')
  if (!existsSync(file)) {
    makeDataDir(dataDir)
    writeFileSync(file, JSON.stringify(newSecrets(), null, 2), { mode: 0o600 })
  }
  // SAFETY: written by the lines above and by nothing else.
  return JSON.parse(readFileSync(file, 'utf8')) as DevelopmentSecrets
}

const text = () => randomBytes(32).toString('base64url')

const newSecrets = (): DevelopmentSecrets => ({
  jwt: text(),
  pythonValidatorToken: text(),
  sampleWebhookSecret: `whsec_${randomBytes(32).toString('base64')}`,
})
