type Coordinates = { name: string; type: string; version: string }

/** Where an artifact lives. The type always stands in it: another type may have the same name. */
export const artifactPath = (artifact: Coordinates): string => {
  const { path, query } = partsOf(artifact)
  return path + query
}

/** The links of an artifact's answer. */
export const artifactLinks = (artifact: Coordinates & { id: string }, foreign: boolean): Record<string, string> => {
  // A name may mean another artifact to a caller of another group, or nothing: its id means this one.
  const byId = `/artifacts/by-id/${artifact.id}`
  if (foreign) return { self: byId, content: `${byId}/content` }
  const { name, path, query } = partsOf(artifact)
  return {
    self: path + query,
    content: `${path}/content${query}`,
    events: `${path}/events${query}`,
    versions: `${name}/versions${query}`,
  }
}

/** Encoded once for all links: a page has hundreds. */
function partsOf({ name, type, version }: Coordinates) {
  const ofName = `/artifacts/${encodeURIComponent(name)}`
  return {
    name: ofName,
    path: `${ofName}/${encodeURIComponent(version)}`,
    query: `?type=${encodeURIComponent(type)}`,
  }
}
