/** Whether two decimal notations name the same number: sign, digits without outer zeros, and exponent are equal. */
export function sameDecimal(a: string, b: string): boolean {
  return a === b || normalForm(a) === normalForm(b)
}

/** The sign, the digits without outer zeros and the exponent of a decimal notation as JSON has it; zero is `0` or `-0`. */
export function normalForm(literal: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal) ?? []
  const digits = `${whole}${fraction}`
  // By hand: the pattern 0+$ takes quadratic time over zeros that are not the last.
  let first = 0
  while (digits[first] === '0') first++
  if (first === digits.length) return `${sign}0`
  let end = digits.length
  while (digits[end - 1] === '0') end--
  // No double has such an exponent, so it is the same as nothing else.
  if (!/^[+-]?0*\d{1,9}$/u.test(exponent)) return literal
  return `${sign}${digits.slice(first, end)}e${Number(exponent) - fraction.length + digits.length - end}`
}
