/** The compiler shows that a switch covers every case; should a value come from elsewhere all the same, say which. */
export function unreachable(value: never): never {
  throw new Error(`unexpected ${JSON.stringify(value)}`)
}
