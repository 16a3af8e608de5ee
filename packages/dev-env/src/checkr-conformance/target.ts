/** The validator that is called, and what it is given. */
export type Target = {
  url: string
  method: 'POST' | 'PUT'
  headers: Record<string, string>
  type: string
  kind: 'json' | 'text' | 'binary'
  content: Buffer | undefined
  timeoutMs: number
}
