import { type Document, isMap, isNode, isPair, isScalar, parseDocument, type YAMLMap } from 'yaml'

/** The values of a values.yaml as a table: path, default, and the comment that begins with `--`. */
export function valuesTable(text: string): string {
  const document = parseDocument(text)
  if (!isMap(document.contents)) throw new Error('values.yaml is no map')
  const rows = rowsOf(document, document.contents, [])
  return ['| value | default | what |', '|---|---|---|', ...rows.map((cells) => `| ${cells.join(' | ')} |`)].join('\n')
}

function rowsOf(document: Document, map: YAMLMap, path: readonly string[], inherited = ''): string[][] {
  return map.items.flatMap((pair, index) => {
    if (!isPair(pair) || !isScalar(pair.key)) return []
    const key = String(pair.key.value)
    // The comment of a map's first key stands before the map.
    const comment = describe(pair.key.commentBefore ?? (index === 0 ? inherited : ''))
    const here = [...path, key]
    const { value } = pair
    if (comment === undefined)
      return isMap(value)
        ? rowsOf(document, value, here, value.commentBefore ?? '')
        : fail(`${here.join('.')} has no comment that begins with --`)
    // What is merged from another part is described there.
    const merged = isMap(value) && value.has('<<')
    const written = isNode(value) && !merged ? `\`${JSON.stringify(value.toJS(document)).replaceAll('|', '\\|')}\`` : ''
    return [[`\`${here.join('.')}\``, written, comment]]
  })
}

const describe = (comment: string): string | undefined => {
  const [, said] = /^ ?-- ([^]*)$/m.exec(comment) ?? []
  return said?.replaceAll(/\s+/g, ' ').trim()
}

function fail(message: string): never {
  throw new Error(message)
}
