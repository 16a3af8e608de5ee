/** Header fields of requests, as the description of the API tells of them. */
export const requestHeaders = {
  'If-Match': {
    description:
      'The ETag of the revision, or of the content, that the request is meant for; 412 when it is another one by now.',
    example: '"019ab1de-7c00-7000-8000-000000000001.2"',
  },
  'If-None-Match': {
    description: 'The ETag that the caller has; answered by 304 while it is the current one.',
    example: '"019ab1de-7c00-7000-8000-000000000001.2"',
  },
  Range: { description: 'One range of bytes (RFC 9110, section 14).', example: 'bytes=0-1023' },
  'If-Range': { description: 'The range is wanted only of the content with this ETag.' },
  Prefer: {
    description: 'How many seconds to wait for the verdict, 30 at most (RFC 7240).',
    example: 'wait=10',
  },
  'Idempotency-Key': {
    description:
      'Makes the request safe to repeat: for 24 hours the same key of the same user on the same path gets the first answer.',
    example: '5f0c1e6e-0f5b-4a8e-9f43-2b8a1c3d4e5f',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]([ -~]*[!-~])?$' },
  },
  'Content-Digest': {
    description: 'The SHA-256 or SHA-512 of the body (RFC 9530); 400 when something else arrived.',
    example: 'sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:',
  },
  'Last-Event-ID': { description: 'With `Accept: text/event-stream`: the id of the last event that was received.' },
} as const satisfies Record<string, { description: string; example?: string; schema?: object }>
export type RequestHeader = keyof typeof requestHeaders

/** Header fields of answers. */
export const responseHeaders = {
  ETag: 'The strong entity tag of what is answered.',
  Location: 'Where the artifact lives.',
  Link: 'The next page, `rel="next"`.',
  'Retry-After': 'After how many seconds it is worth to ask again.',
  'RateLimit-Policy': 'The limits that count here: `"user";q=600;w=60` is 600 in 60 seconds.',
  RateLimit: 'What is left of each: `"user";r=599;t=60` is 599, and the window ends in 60 seconds.',
  'WWW-Authenticate': 'How to authenticate.',
  'Idempotent-Replayed': '`true` when this is the kept answer to an earlier request with the same Idempotency-Key.',
  'Content-Digest': 'SHA-256 of these bytes (RFC 9530).',
  'Repr-Digest': 'SHA-256 of the whole content (RFC 9530).',
  'Content-Range': 'Which bytes of how many.',
  'Accept-Ranges': 'Ranges of bytes are answered.',
} as const
export type ResponseHeader = keyof typeof responseHeaders
