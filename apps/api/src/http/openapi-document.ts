import type { Hono } from 'hono'
import { generateSpecs } from 'hono-openapi'
import { built } from '@keepr/db/require-schema'
import { Artifact, ArtifactPage, Event } from '@keepr/shared/schemas/artifact'
import { WebhookPayload } from '@keepr/shared/schemas/webhook'
import type { ApiEnv } from './api.ts'
import { componentOf } from './openapi.ts'

const introduction = `Versioned, typed and validated artifacts.

Each request but those for health, metrics and this description carries a token: \`Authorization: Bearer <JWT>\`. It says
whose group it is and which role the caller has; under \`npm start\`, \`npm run token\` makes one.

A submission is answered \`202\` and judged afterwards: poll its \`Location\` until \`status\` is \`published\` or \`blocked\`,
or \`validation.state\` is \`held\`; or send \`Prefer: wait=10\`. What is answered \`429\`, \`503\`, or \`409\` with
\`Retry-After\` is sent again after that time, best with an \`Idempotency-Key\`. Errors are problems (RFC 9457) with a stable \`type\`; \`errors\` names each place.

Some header fields come with many answers and are not told of at each: \`X-Request-Id\` is the \`request_id\` of problems, events and
log lines; \`Cache-Control\` and \`Vary\` let a private cache keep what was read and ask again before each use;
\`RateLimit-Policy\` and \`RateLimit\`, where requests are limited, tell the limits and what is left of them; \`Idempotent-Replayed\`
marks a kept answer, a refusal too. Content is sent with \`Content-Disposition: attachment\`, \`X-Content-Type-Options: nosniff\`
and \`Content-Security-Policy: sandbox\`.`

/** The OpenAPI 3.1 document of all routes. */
export async function openApiDocument(app: Hono<ApiEnv>): Promise<object> {
  const document = await generateSpecs(app, {
    defaultValidationErrorResponse: false,
    documentation: {
      openapi: '3.1.0',
      info: {
        title: 'Keepr',
        version: built.release,
        description: introduction,
        license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      },
      servers: [{ url: '/' }],
      security: [{ bearer: [] }],
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
        // SAFETY: plain JSON Schema; the library's type asks for an older draft.
        schemas: { ...named, Problem: problemSchema } as never,
      },
    },
  })
  // SAFETY: made above, by openapi.ts.
  for (const path of Object.values(document.paths) as Path[])
    if (path.get?.responses['200']?.content?.['*/*']) path.head = headOf(path.get)
  return document
}

type Operation = {
  operationId: string
  summary: string
  parameters: { name: string }[]
  responses: Record<string, { content?: Record<string, unknown> }>
}
type Path = { get?: Operation; head?: Operation }

/** What is answered as bytes tells its size and digest without them, too. Ranges are of what a GET answers. */
const headOf = ({ operationId, summary, parameters, responses, ...rest }: Operation): Operation => ({
  ...rest,
  operationId: operationId.replace(/^get/u, 'head'),
  summary: `${summary}: header fields only`,
  parameters: parameters.filter(({ name }) => !name.endsWith('Range')),
  responses: Object.fromEntries(
    Object.entries(responses)
      .filter(([status]) => status !== '206' && status !== '416')
      .map(([status, { content: _content, ...answer }]) => [status, answer]),
  ),
})

const named = {
  Artifact: componentOf(Artifact),
  ArtifactPage: componentOf(ArtifactPage),
  Event: componentOf(Event),
  WebhookPayload: componentOf(WebhookPayload),
}
const text = { type: 'string' }
const texts = { type: 'array', items: text }
const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'request_id'],
  properties: {
    type: text,
    title: text,
    status: { type: 'integer' },
    detail: text,
    request_id: text,
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: { pointer: text, parameter: text, detail: text },
      },
    },
    rule: { ...text, description: 'Which rule forbids it.' },
    id: { ...text, format: 'uuid', description: 'The artifact that is in the way, where the caller may see it.' },
    version: { ...text, description: 'The version that is in the way.' },
    content_hash: { ...text, description: 'The hash of what has that version already.' },
    latest: { ...text, description: 'The latest published version.' },
    types: { ...texts, description: 'The types that have this name.' },
    ids: { ...texts, description: 'The artifacts that the name may mean.' },
    status_of_artifact: text,
    state: { ...text, description: 'The state of the subscriber.' },
    limit_bytes: { type: 'integer' },
    used_bytes: { type: 'integer' },
    retry_after_s: { type: 'integer' },
  },
}
