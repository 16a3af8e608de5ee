/** The path by which a request is routed: `/artifacts/` and `/artifacts` are one. */
export function withoutTrailingSlash(request: Request): string {
  const { url } = request
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const end = url.slice(start).search(/[?#]/u)
  const pathname = end === -1 ? url.slice(start) : url.slice(start, start + end)
  return pathname.length > 1 && pathname.endsWith('/') ? pathname.slice(0, -1) : pathname
}
