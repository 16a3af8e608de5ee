import { diffArrays, formatPatch, type StructuredPatchHunk } from 'diff'

type Lines = readonly string[]
/** Old lines, from one place to another, and the new ones that stand there instead. */
type Edit = { from: number; fromEnd: number; to: number; toEnd: number }
type Edits = [Edit, ...Edit[]]

const context = 3
/** The fewest changes are looked for among so many, in so many comparisons: counted, so that no clock decides. */
const mostEdits = 300
const mostComparisons = 1_000_000

/**
 * A unified diff of two texts, the same whenever it is asked for. It takes time by their size: where they are so different
 * that the fewest changes would take much more, all lines between the common beginning and end are replaced.
 */
export function unifiedDiff(from: { label: string; text: string }, to: { label: string; text: string }): string {
  const [before, after] = [linesOf(from.text), linesOf(to.text)]
  const hunks = inHunks(editsBetween(before, after)).map((edits) => hunkOf(edits, before, after))
  return formatPatch({ oldFileName: from.label, newFileName: to.label, oldHeader: '', newHeader: '', hunks })
}

/** A last line that does not end has the words with it that a diff says so in, and equals none that does. */
function linesOf(text: string): Lines {
  const lines = text.split('\n')
  const rest = lines.pop()
  if (rest) lines.push(`${rest}\n\\ No newline at end of file`)
  return lines
}

function editsBetween(before: Lines, after: Lines): Edit[] {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && before[start] === after[start]) start++
  let end = 0
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++
  const whole = { from: start, fromEnd: before.length - end, to: start, toEnd: after.length - end }
  return fewestEdits(whole, before, after) ?? [whole]
}

/** Undefined where they are too many. */
function fewestEdits({ from, fromEnd, to, toEnd }: Edit, before: Lines, after: Lines): Edit[] | undefined {
  let comparisons = 0
  // After the last comparison no line equals another: the search ends soon, with what is right if not the fewest.
  const comparator = (a: string, b: string) => comparisons++ < mostComparisons && a === b
  const options = { maxEditLength: mostEdits, comparator }
  const changes = diffArrays(before.slice(from, fromEnd), after.slice(to, toEnd), options)
  const place = { from, to }
  return changes?.flatMap(({ added, removed, count }) => {
    const { from, to } = place
    if (!added) place.from += count
    if (!removed) place.to += count
    return added || removed ? [{ from, fromEnd: place.from, to, toEnd: place.to }] : []
  })
}

/** Edits so near to each other that what is shown around them would meet are of one hunk. */
function inHunks(edits: readonly Edit[]): Edits[] {
  const hunks: Edits[] = []
  let end = -Infinity
  for (const edit of edits) {
    if (edit.from - end <= 2 * context) hunks.at(-1)?.push(edit)
    else hunks.push([edit])
    end = edit.fromEnd
  }
  return hunks
}

function hunkOf(edits: Edits, before: Lines, after: Lines): StructuredPatchHunk {
  const [first] = edits
  const last = edits.at(-1) ?? first
  const ahead = Math.min(context, first.from)
  const behind = Math.min(context, before.length - last.fromEnd)
  const lines: string[] = []
  const show = (sign: string, shown: Lines) => {
    if (shown.length > 0) lines.push(sign + shown.join(`\n${sign}`))
  }
  let place = first.from - ahead
  for (const { from, fromEnd, to, toEnd } of edits) {
    show(' ', before.slice(place, from))
    show('-', before.slice(from, fromEnd))
    show('+', after.slice(to, toEnd))
    place = fromEnd
  }
  show(' ', before.slice(place, place + behind))
  return {
    oldStart: first.from - ahead + 1,
    oldLines: ahead + last.fromEnd - first.from + behind,
    newStart: first.to - ahead + 1,
    newLines: ahead + last.toEnd - first.to + behind,
    lines,
  }
}
