/** Reads `10k`, `1m` or a plain number; undefined for anything else. */
export function sizeOf(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,9})([km]?)$/iu.exec(text) ?? []
  if (digits === undefined) return undefined
  const factor = { k: 1000, m: 1_000_000 }[unit?.toLowerCase() ?? ''] ?? 1
  return Number(digits) * factor
}
