/** One place where secrets are kept. */
export type SecretSource = {
  readonly kind: 'vault' | 'files' | 'env'
  /** The value, or undefined when this place has none of that name. Throws when the place cannot be asked. */
  find(name: string): Promise<string | undefined>
  close(): void
}
