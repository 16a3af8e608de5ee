/** The path by which a request is routed: `/artifacts/` and `/artifacts` are one. */
export function withoutTrailingSlash(request: Request): string {
  const { pathname } = new URL(request.url)
  return pathname.length > 1 && pathname.endsWith('/') ? pathname.slice(0, -1) : pathname
}
