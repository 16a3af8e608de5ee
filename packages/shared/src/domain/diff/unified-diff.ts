import { createTwoFilesPatch } from 'diff'

/** A unified diff of two texts; undefined when they are too different to be compared in sensible time. */
export const unifiedDiff = (from: { label: string; text: string }, to: { label: string; text: string }) =>
  createTwoFilesPatch(from.label, to.label, from.text, to.text, undefined, undefined, {
    context: 3,
    maxEditLength: 5000,
    timeout: 500,
  })
