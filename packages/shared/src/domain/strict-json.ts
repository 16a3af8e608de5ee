import { normalForm, sameDecimal } from './decimal.ts'
import { jsonPointer } from './json-pointer.ts'
import { MAX_OFFENCES, type Offence } from './offence.ts'
import { characterAt, lineAndColumn } from './text-place.ts'

/** JSON as it came in, or why it cannot be kept exactly; `value` is then what was read all the same, unless that stopped. */
export type StrictJson =
  | { kind: 'value'; value: unknown }
  | { kind: 'malformed'; detail: string }
  | { kind: 'offences'; offences: readonly Offence[]; value: unknown }

type Frame = { container: Record<string, unknown> | unknown[]; key: string; keys: Set<string> | undefined }

/**
 * Reads JSON that is kept exactly or refused (I-JSON, RFC 7493): well-formed UTF-8 without a byte order mark, no duplicate
 * keys, no lone surrogates, no U+0000, no number that is not equal to the shortest decimal of its double, and not nested
 * deeper than `maxDepth`. Iterative, so that neither depth nor length costs stack. `__proto__` is a key like any other.
 * `maxValues` bounds how many values, and keys, it may have: each takes time, however few bytes it has. `around` are levels around
 * what is meant, which do not count.
 */
export function readStrictJson(
  bytes: Uint8Array,
  maxDepth: number,
  { maxValues = Number.POSITIVE_INFINITY, around = 0 }: { maxValues?: number | undefined; around?: number } = {},
): StrictJson {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return { kind: 'malformed', detail: 'The JSON is not in UTF-8.' }
  }
  const reader = new Reader(text, { maxDepth, maxValues, around })
  const { offences } = reader
  try {
    const value = reader.read()
    return offences.length === 0 ? { kind: 'value', value } : { kind: 'offences', offences, value }
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'malformed', detail: error.message }
    if (error instanceof Stopped) return { kind: 'offences', offences, value: undefined }
    throw error
  }
}

class Malformed extends Error {}
/** Offences enough, or one behind which nothing is read. */
class Stopped extends Error {}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const isSpace = (code: number) => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

class Reader {
  readonly offences: Offence[] = []
  private at = 0
  private readonly text: string
  private readonly maxDepth: number
  private readonly around: number
  private readonly frames: Frame[] = []
  private left: number

  constructor(text: string, { maxDepth, maxValues, around }: { maxDepth: number; maxValues: number; around: number }) {
    this.text = text
    this.maxDepth = maxDepth
    this.around = around
    this.left = maxValues
  }

  read(): unknown {
    for (;;) {
      const opened = this.openOrScalar()
      if (opened.opened) continue
      let value = opened.value
      // A value is complete: put it in its container, and close every container that ends here.
      for (;;) {
        const frame = this.frames.at(-1)
        if (!frame) return this.end(value)
        put(frame, value)
        if (this.take(',')) {
          this.nextKey(frame)
          break
        }
        if (!this.take(Array.isArray(frame.container) ? ']' : '}')) this.unexpected()
        this.frames.pop()
        value = frame.container
      }
    }
  }

  private openOrScalar(): { opened: true } | { opened: false; value: unknown } {
    this.space()
    this.count()
    const char = this.text[this.at]
    if (char === '{' || char === '[') {
      this.at++
      if (this.frames.length >= this.maxDepth + this.around)
        this.stop(this.pointer(), `nested deeper than ${this.maxDepth} levels`)
      const empty = this.take(char === '{' ? '}' : ']')
      if (empty) return { opened: false, value: char === '{' ? {} : [] }
      const frame: Frame =
        char === '{' ? { container: {}, key: '', keys: new Set() } : { container: [], key: '', keys: undefined }
      this.frames.push(frame)
      this.nextKey(frame)
      return { opened: true }
    }
    return { opened: false, value: this.scalar(char) }
  }

  private scalar(char: string | undefined): unknown {
    if (char === '"') {
      const value = this.string()
      const flaw = flawOf(value)
      if (flaw !== undefined) this.offend(this.pointer(), flaw)
      return value
    }
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length
        return value
      }
    }
    return this.number()
  }

  private string(): string {
    const literal = this.literal()
    const control = literal.search(/[\u0000-\u001f]/u)
    if (control >= 0) {
      this.at += control
      this.unexpected()
    }
    try {
      // SAFETY: what begins and ends with a quote is a string or no JSON.
      const value = literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1)
      this.at += literal.length
      return value
    } catch {
      return this.malformed('An escape that JSON does not know (a backslash itself is \\\\) in the string')
    }
  }

  /** From its quote to the next one that no backslash escapes. A pattern with alternatives would recurse over it. */
  private literal(): string {
    if (this.text[this.at] !== '"') this.unexpected()
    for (let end = this.at + 1; ; end++) {
      end = this.text.indexOf('"', end)
      if (end < 0) {
        this.at = this.text.length
        this.unexpected()
      }
      let escapes = 0
      while (this.text[end - 1 - escapes] === '\\') escapes++
      if (escapes % 2 === 0) return this.text.slice(this.at, end + 1)
    }
  }

  private count(): void {
    if (this.left-- <= 0) this.stop('', 'has too many values')
  }

  private number(): number {
    const literal = this.match(NUMBER)
    const value = Number(literal)
    if (!Number.isFinite(value) || !sameDecimal(literal, String(value)))
      this.offend(
        this.pointer(),
        normalForm(literal) === '-0'
          ? 'is minus zero, whose sign the canonical form (RFC 8785) does not keep; send 0, or a string'
          : 'is a number that a double does not hold exactly; send it as a string',
      )
    return value
  }

  private nextKey(frame: Frame): void {
    if (!frame.keys) {
      // SAFETY: only arrays have no key set.
      frame.key = String((frame.container as unknown[]).length)
      return
    }
    this.space()
    this.count()
    const key = this.string()
    const flaw = flawOf(key)
    if (flaw !== undefined)
      this.offend(this.pointer(this.frames.slice(0, -1)), `has the key ${JSON.stringify(key)}, which ${flaw}`)
    // What is told of places below it is to be JSON that anybody reads.
    frame.key = flaw === undefined ? key : key.toWellFormed().replaceAll('\u0000', '\ufffd')
    if (frame.keys.has(key)) this.offend(this.pointer(), 'is a duplicate key')
    frame.keys.add(key)
    if (!this.take(':')) this.unexpected()
  }

  private take(char: string): boolean {
    this.space()
    if (this.text[this.at] !== char) return false
    this.at++
    return true
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at
    const [found] = pattern.exec(this.text) ?? []
    if (found === undefined) this.unexpected()
    this.at += found.length
    return found
  }

  private space(): void {
    for (let code = this.text.charCodeAt(this.at); isSpace(code); code = this.text.charCodeAt(this.at)) this.at++
  }

  private end(value: unknown): unknown {
    this.space()
    if (this.at < this.text.length) this.unexpected()
    return value
  }

  private unexpected(): never {
    if (this.at >= this.text.length) throw new Malformed('The JSON ends too early.')
    return this.malformed(`Unexpected ${characterAt(this.text, this.at)}`)
  }

  private malformed(what: string): never {
    throw new Malformed(`${what} at ${lineAndColumn(this.text, this.at)}.`)
  }

  private offend(pointer: string, detail: string): void {
    this.offences.push({ pointer, detail })
    if (this.offences.length === MAX_OFFENCES) throw new Stopped()
  }

  private stop(pointer: string, detail: string): never {
    this.offences.push({ pointer, detail })
    throw new Stopped()
  }

  private pointer(frames: readonly Frame[] = this.frames): string {
    return jsonPointer(frames.map(({ key }) => key))
  }
}

const flawOf = (text: string): string | undefined => {
  if (text.includes('\u0000')) return 'contains U+0000'
  return text.isWellFormed() ? undefined : 'contains a lone surrogate'
}

function put({ container, key }: Frame, value: unknown): void {
  if (Array.isArray(container)) container.push(value)
  else if (key === '__proto__')
    Object.defineProperty(container, key, { value, writable: true, enumerable: true, configurable: true })
  else container[key] = value
}
