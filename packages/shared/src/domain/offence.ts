/** One offence of bad input: where (JSON pointer into the body, or the name of a parameter) and what. */
export type Offence = { pointer: string; detail: string; parameter?: string }

export const MAX_OFFENCES = 100
const MAX_CHARACTERS = 64 * 1024

/** What is told of some offences: a body may be made of nothing else, and each may lie below a key as long as the body. */
export function toldOffences(offences: readonly Offence[]): Offence[] {
  let length = 0
  return offences.slice(0, MAX_OFFENCES).filter(({ pointer, detail }, index) => {
    length += pointer.length + detail.length
    return index === 0 || length <= MAX_CHARACTERS
  })
}
