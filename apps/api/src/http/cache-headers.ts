/** Each use is revalidated, so that a withdrawn version is never served from a cache. */
export const revalidated = { 'cache-control': 'private, no-cache', vary: 'Authorization' } as const
