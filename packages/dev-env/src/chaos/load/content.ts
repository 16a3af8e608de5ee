import { canonicalBytes, contentHash } from '@keepr/shared/domain/content-hash'
import { TYPES, type TypeName } from '../configuration.ts'

export type Content = { hash: string; bytes: Buffer; body: { content: unknown } | { content_base64: string } }

/** Content that nobody else sends, made anew from its nonce whenever it is needed; the harmful one must never pass a validator. */
export function makeContent(type: TypeName, nonce: string, harmful: boolean): Content {
  const text = harmful ? `eval("${nonce}")` : `let x = "${nonce}"`
  if (TYPES[type].content === 'json') {
    // Its keys are not in canonical order: what is stored and served is not what was sent.
    const content = { z: text, nonce, numbers: [1.5, -0.25, 1e21, 12345678], ä: { b: null, a: ['€', true] } }
    const bytes = canonicalBytes(content)
    return { hash: contentHash(bytes), bytes, body: { content } }
  }
  const bytes = Buffer.from(TYPES[type].content === 'text' ? `// ${nonce} ✓\n${text}\n` : `\u0000\u0001${text}`, 'utf8')
  const body =
    TYPES[type].content === 'text' ? { content: bytes.toString('utf8') } : { content_base64: bytes.toString('base64') }
  return { hash: contentHash(bytes), bytes, body }
}
