const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/u.source
const quoted = /"(?:[\t !#-[\]-~]|\\[\t -~])*"/u.source
const mediaType = new RegExp(`^(${token}/${token})(?:[\t ]*;[\t ]*${token}=(?:${token}|${quoted}))*$`, 'u')
const maxLength = 255

/** A Content-Type that can be stored and sent again (RFC 9110, 8.3.1): what it names, and its charset if it says one. */
export function readMediaType(text: string): { type: string; charset: string | undefined } | undefined {
  const [, type] = text.length <= maxLength ? (mediaType.exec(text) ?? []) : []
  if (type === undefined) return undefined
  const [, charset] = /;[\t ]*charset="?([^";\t ]*)/iu.exec(text) ?? []
  return { type: type.toLowerCase(), charset: charset?.toLowerCase() }
}
