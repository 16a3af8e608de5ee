/**
 * Has a statement planned for what it asks, each time. After some calls the server else takes one plan for whatever is asked,
 * if it looks no dearer; where it depends on a value how much has to be read, that one may read everything. It costs a
 * round trip and the planning, about two milliseconds. (The driver has a name for this only where a statement is a string.)
 */
export function planAnew<Query extends PromiseLike<unknown>>(query: Query): Query {
  optionsOf(query).prepare = false
  return query
}

export const isPlannedAnew = (query: PromiseLike<unknown>): boolean => optionsOf(query).prepare === false

// SAFETY: each query of postgres.js has an object of options of its own, which is read as it is sent.
const optionsOf = (query: PromiseLike<unknown>) => (query as unknown as { options: { prepare?: boolean } }).options
