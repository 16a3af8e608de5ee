import { CONNECTION_CODES } from '../domain/connection-codes.ts'

/** Of systems, of the PostgreSQL driver, of a PostgreSQL that takes no writes for now, and of a schema that has yet to be migrated. */
const CODES = new Set([...CONNECTION_CODES, '25006', '58030', 'SCHEMA_MISFIT'])
/** Of PostgreSQL: no room (on its disk, for connections), and whatever it refuses or ends a connection for. */
const NO_ROOM = /^53/
const ENDS_CONNECTION = new Set(['FATAL', 'PANIC'])

/** Why a peer could not be reached or can do nothing for anybody, with its address; undefined for whatever else failed. */
export function connectionFault(error: unknown): string | undefined {
  const chain = chainOf(error)
  const isFault = chain.some(isPeerFault)
  return isFault
    ? [...new Set(chain.map(({ message }) => message).filter((message) => message !== ''))].join(': ')
    : undefined
}

const isPeerFault = (one: Error & { code?: unknown; severity?: unknown }): boolean =>
  one.name === 'QueueUnavailable' ||
  CODES.has(String(one.code)) ||
  NO_ROOM.test(String(one.code)) ||
  ENDS_CONNECTION.has(String(one.severity))

const chainOf = (error: unknown): Error[] =>
  error instanceof Error
    ? [error, ...(error instanceof AggregateError ? error.errors.flatMap(chainOf) : []), ...chainOf(error.cause)]
    : []
