import type { SecretSource } from './secret-source.ts'

/** Secrets in the environment of the process. */
export const envSource = (env: Readonly<Record<string, string | undefined>>): SecretSource => ({
  kind: 'env',
  find: (name) => Promise.resolve(env[name] === '' ? undefined : env[name]),
  close: () => {},
})
