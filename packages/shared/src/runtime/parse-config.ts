import type { BaseIssue, GenericSchema, InferOutput } from 'valibot'
import * as v from 'valibot'
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Scalar,
  visit,
} from 'yaml'
import { OperatorMistake } from './start-or-tell.ts'

/** A configuration file holds mistakes; the message names each with its place and what was expected. */
export class WrongConfig extends OperatorMistake {
  override readonly name = 'WrongConfig'
  readonly offences: readonly string[]

  constructor(offences: readonly string[]) {
    super(offences.join('\n'))
    this.offences = offences
  }
}

/** Reads YAML by a schema. Throws WrongConfig with all mistakes at once, each as `file:line:column: expected …`. */
export function parseConfig<S extends GenericSchema>(file: string, text: string, schema: S): InferOutput<S> {
  const lines = new LineCounter()
  const [document, ...more] = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`
  }
  if (document === undefined || !('contents' in document)) {
    throw new WrongConfig([`${file}:1:1: expected a YAML document, but the file is empty`])
  }
  const offences = document.errors.map(({ pos, message }) => `${at(pos[0])}: expected valid YAML, but: ${message}`)
  const [second] = more
  if (second !== undefined) offences.push(`${at(second.range[0])}: expected one YAML document, but there are more`)
  // With a key given twice the rest can still be judged; with broken syntax it would be guesswork.
  if (document.errors.length > 0) throw new WrongConfig(offences)
  offences.push(
    ...repeatedKeys(document).map(
      (key) => `${at(offsetAt(key) ?? 0)}: expected valid YAML, but: Map keys must be unique`,
    ),
  )
  const result = v.safeParse(schema, valueOf(document, at))
  if (!result.success) {
    offences.push(...result.issues.map((issue) => `${at(offsetOf(document, issue))}: expected ${expectation(issue)}`))
  }
  if (offences.length > 0 || !result.success) throw new WrongConfig(offences)
  return result.output
}

/** The parser would compare each key of a map with all before it: eight seconds for 20,000 types. */
function repeatedKeys(document: Document): Scalar[] {
  const repeated: Scalar[] = []
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        if (seen.has(key.value)) repeated.push(key)
        seen.add(key.value)
      }
    },
  })
  return repeated
}

/** What aliases lead to is found only now: nowhere, or to far too much. */
function valueOf(document: Document, at: (offset: number) => string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    throw new WrongConfig([`${at(offsetAt(blamedAlias(document)) ?? 0)}: expected valid YAML, but: ${error.message}`])
  }
}

/** The first alias without an anchor; where each has one, the first of all. */
function blamedAlias(document: Document): Alias | undefined {
  const aliases: Alias[] = []
  visit(document, { Alias: (_, alias) => void aliases.push(alias) })
  return aliases.find((alias) => alias.resolve(document) === undefined) ?? aliases[0]
}

const expectation = (issue: BaseIssue<unknown>): string => {
  const path = (issue.path ?? []).map(({ key }) => String(key)).join('.')
  const where = path === '' ? '' : ` (${path})`
  if (isUnknownKey(issue)) return `no such key${where}`
  if (issue.received === 'undefined') return `a value for ${path}, but it is missing`
  // Schemas say in a sentence what they expect; valibot's own sentences begin with "Invalid".
  return `${issue.message.startsWith('Invalid ') ? kindOf(issue.expected) : issue.message}${where}`
}

const KINDS: Record<string, string> = {
  Object: 'a map',
  Array: 'a list',
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
}
const kindOf = (expected: string | null) => (expected === null ? 'something else' : (KINDS[expected] ?? expected))

const isUnknownKey = (issue: BaseIssue<unknown>) => issue.type === 'strict_object' && issue.expected === 'never'

/** Where an issue stands: at the value, at an unknown key itself, or at what lacks a key. */
function offsetOf(document: Document, issue: BaseIssue<unknown>): number {
  let node: unknown = document.contents
  let offset = offsetAt(node) ?? 0
  for (const { key } of issue.path ?? []) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
      if (pair === undefined) return offset
      node = pair.value
      const keyOffset = offsetAt(pair.key) ?? offset
      offset = isUnknownKey(issue) ? keyOffset : (offsetAt(node) ?? keyOffset)
      // A map begins at its first key; what lacks a key is better named by its own.
      if (isMap(node) && issue.received === 'undefined') offset = keyOffset
    } else if (isSeq(node) && typeof key === 'number') {
      node = node.items[key]
      offset = offsetAt(node) ?? offset
    }
  }
  return offset
}

const offsetAt = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined)
