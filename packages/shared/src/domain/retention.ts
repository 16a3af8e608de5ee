import { compareVersions, latestVersion } from './version.ts'

type Standing = { id: string; version: string }

/**
 * Which published versions of a name a publication pushes into the history, where its type keeps `maxPublished` of
 * them: those beyond that number, lowest by precedence first, never the latest nor the one just published.
 */
export function supersededVersions<V extends Standing>(
  published: readonly V[],
  justPublished: Standing['id'],
  maxPublished: number,
): V[] {
  const latest = latestVersion(published.map(({ version }) => version))
  return published
    .filter(({ id, version }) => id !== justPublished && version !== latest)
    .toSorted((a, b) => compareVersions(a.version, b.version))
    .slice(0, Math.max(0, published.length - maxPublished))
}
