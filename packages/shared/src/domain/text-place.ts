const BYTE_ORDER_MARK = 0xfeff

/** A character as its writer knows it: what cannot be seen, or looks like another, by its number. */
export function characterAt(text: string, at: number): string {
  const code = text.codePointAt(at) ?? 0
  if (code === BYTE_ORDER_MARK) return 'byte order mark (U+FEFF)'
  const character = String.fromCodePoint(code)
  if (code > 0x20 && code < 0x7f) return `character ${character}`
  const number = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  return code < 0x20 ? `character ${JSON.stringify(character).slice(1, -1)} (${number})` : `character ${number}`
}

/** Where an editor shows it, both counted from 1; columns in UTF-16 code units. */
export function lineAndColumn(text: string, at: number): string {
  let line = 1
  let begin = 0
  for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', begin)) {
    line += 1
    begin = end + 1
  }
  return `line ${line}, column ${at - begin + 1}`
}
