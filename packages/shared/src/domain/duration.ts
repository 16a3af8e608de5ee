const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** What a duration looks like in configuration: a whole number and a unit, nothing else. */
export const DURATION_PATTERN = /^(\d{1,15})(ms|s|m|h|d)$/u

/** Milliseconds of `200ms`, `2s`, `15m`, `24h`, `90d`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit] = DURATION_PATTERN.exec(text) ?? []
  if (amount === undefined || !isUnit(unit)) return undefined
  const ms = Number(amount) * UNIT_MS[unit]
  return Number.isSafeInteger(ms) ? ms : undefined
}

const isUnit = (unit: string | undefined): unit is keyof typeof UNIT_MS => unit !== undefined && unit in UNIT_MS
