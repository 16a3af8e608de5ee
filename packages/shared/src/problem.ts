import { type Offence, toldOffences } from './domain/offence.ts'

/**
 * Every problem that Keepr answers with (RFC 9457), closed: codes, OpenAPI responses and docs derive from this table.
 * A problem's type is `urn:keepr:problem:<code>`: stable, and true wherever an installation happens to live.
 */
export const PROBLEMS = {
  'malformed-request': { status: 400, title: 'The request cannot be understood' },
  'malformed-json': { status: 400, title: 'The body is not well-formed JSON in UTF-8' },
  'malformed-multipart': { status: 400, title: 'The body is not well-formed multipart/form-data' },
  'digest-mismatch': { status: 400, title: 'The body does not match the digest sent with it' },
  unauthenticated: { status: 401, title: 'A valid bearer token is needed' },
  forbidden: { status: 403, title: 'You may not do this' },
  'storage-quota-exceeded': { status: 429, title: 'The group has used up its storage' },
  'not-found': { status: 404, title: 'There is no such thing here' },
  'method-not-allowed': { status: 405, title: 'This path does not know the method' },
  'not-acceptable': { status: 406, title: 'No representation that you accept' },
  'request-timeout': { status: 408, title: 'The request took too long to arrive' },
  'version-exists': { status: 409, title: 'This version has been used already' },
  'not-latest': { status: 409, title: 'Only the latest published version is rolled back' },
  'not-restorable': { status: 409, title: 'The version cannot be restored' },
  'no-prior-version': { status: 409, title: 'There is no version to roll back to' },
  'ambiguous-type': { status: 409, title: 'Several types have this name' },
  'ambiguous-name': { status: 409, title: 'Several groups offer this name' },
  'artifact-not-usable': { status: 409, title: 'Content that has not passed validation is not returned' },
  'wrong-status': { status: 409, title: 'The artifact is not in a state that allows this' },
  'versions-exhausted': { status: 409, title: 'There is no next version' },
  'plan-not-applicable': { status: 409, title: 'The cleanup plan has been applied or has expired' },
  'recheck-done': { status: 409, title: 'This re-validation is done' },
  'recheck-running': { status: 409, title: 'A re-validation of this type is running' },
  'delivery-not-redeliverable': { status: 409, title: 'The delivery cannot be sent again' },
  'subscriber-state': { status: 409, title: 'The subscriber is in a state that does not allow this' },
  'in-progress': { status: 409, title: 'The first request with this key is still running' },
  purged: { status: 410, title: 'The content was purged' },
  'precondition-failed': { status: 412, title: 'The artifact has changed since you read it' },
  'payload-too-large': { status: 413, title: 'The body is too large' },
  'uri-too-long': { status: 414, title: 'The address is too long' },
  'unsupported-media-type': { status: 415, title: 'This media type is not taken here' },
  'range-not-satisfiable': { status: 416, title: 'The range lies outside of the content' },
  'expectation-failed': { status: 417, title: 'This expectation is not met here' },
  'validation-error': { status: 422, title: 'The request does not fit its schema' },
  'idempotency-key-reused': { status: 422, title: 'This key was used for another request' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'too-many-pending': { status: 429, title: 'Too many submissions wait for validation' },
  'too-many-uploads': { status: 429, title: 'Too many bytes are being uploaded at once' },
  'too-many-streams': { status: 429, title: 'You have too many event streams open' },
  'headers-too-large': { status: 431, title: 'The header fields are too large' },
  'internal-error': { status: 500, title: 'Something went wrong here' },
  'content-damaged': { status: 500, title: 'The stored content does not match its hash' },
  'database-unavailable': { status: 503, title: 'The database cannot be reached' },
  'identity-provider-unavailable': { status: 503, title: 'The keys that verify tokens cannot be fetched' },
  overloaded: { status: 503, title: 'Too busy at the moment' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof PROBLEMS

/** What a problem may say besides its code: members of the answer, in its own names. */
export type ProblemExtensions = {
  detail?: string
  errors?: readonly Offence[]
  retry_after_s?: number
  [member: string]: unknown
}

/** A request that must stop. Only the HTTP layer turns it into an answer. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly extensions: ProblemExtensions

  constructor(code: ProblemCode, extensions: ProblemExtensions = {}) {
    super(extensions.detail ?? PROBLEMS[code].title)
    this.code = code
    this.extensions = extensions
  }

  get status() {
    return PROBLEMS[this.code].status
  }

  get title(): string {
    return PROBLEMS[this.code].title
  }

  get type(): string {
    return problemType(this.code)
  }

  /** The answer's body; the request id is known to the HTTP layer only. */
  toBody(requestId: string): Record<string, unknown> {
    const { detail, errors, ...members } = this.extensions
    // What identifies the problem comes last, so that no extension can stand in for it.
    return {
      ...(errors && { errors: toldOffences(errors) }),
      ...members,
      type: this.type,
      title: this.title,
      status: this.status,
      detail: detail ?? `${this.title}.`,
      request_id: requestId,
    }
  }
}

/** `throw problem('version-exists', { version })` */
export const problem = (code: ProblemCode, extensions: ProblemExtensions = {}): Problem => new Problem(code, extensions)

export const problemType = (code: ProblemCode): string => `urn:keepr:problem:${code}`
