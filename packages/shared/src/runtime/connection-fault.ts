/** Of systems, of the PostgreSQL driver, of a PostgreSQL that ends or begins, and of a schema that has yet to be migrated. */
const CODES = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH',
  'CONNECT_TIMEOUT', 'CONNECTION_CLOSED', 'CONNECTION_ENDED', 'CONNECTION_DESTROYED', '57P01', '57P02', '57P03', 'SCHEMA_MISFIT',
]) // prettier-ignore

/** Why a peer could not be reached, with its address; undefined for whatever else failed. */
export function connectionFault(error: unknown): string | undefined {
  const chain = chainOf(error)
  const isFault = chain.some((one) => one.name === 'QueueUnavailable' || ('code' in one && CODES.has(String(one.code))))
  return isFault
    ? [...new Set(chain.map(({ message }) => message).filter((message) => message !== ''))].join(': ')
    : undefined
}

const chainOf = (error: unknown): Error[] =>
  error instanceof Error
    ? [error, ...(error instanceof AggregateError ? error.errors.flatMap(chainOf) : []), ...chainOf(error.cause)]
    : []
