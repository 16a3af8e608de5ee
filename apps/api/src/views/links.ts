type Coordinates = { name: string; type: string; version: string }

/** Where an artifact lives. The type always stands in it: another type may have the same name. */
export const artifactPath = ({ name, type, version }: Coordinates, below = ''): string =>
  `/artifacts/${encodeURIComponent(name)}/${encodeURIComponent(version)}${below}?type=${encodeURIComponent(type)}`

/** The links of an artifact's answer. */
export const artifactLinks = (artifact: Coordinates & { id: string }, foreign: boolean): Record<string, string> => {
  // A name may mean another artifact to a caller of another group, or nothing: its id means this one.
  const byId = `/artifacts/by-id/${artifact.id}`
  if (foreign) return { self: byId, content: `${byId}/content` }
  return {
    self: artifactPath(artifact),
    content: artifactPath(artifact, '/content'),
    events: artifactPath(artifact, '/events'),
    versions: `/artifacts/${encodeURIComponent(artifact.name)}/versions?type=${encodeURIComponent(artifact.type)}`,
  }
}
