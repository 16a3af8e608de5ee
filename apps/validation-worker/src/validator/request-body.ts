import type { OpenRun } from '@keepr/db/validation-runs/claim-runs'
import { unreachable } from '../unreachable.ts'

/**
 * What a validator is asked (see CheckrRequest). JSON content goes out as the canonical bytes that were hashed, not
 * parsed and written anew: what is judged is what will be served.
 */
export function requestBody(run: OpenRun, content: Buffer): Buffer {
  const artifact = {
    id: run.artifact_id,
    name: run.name,
    type: run.artifact_type,
    version: run.version,
    content_hash: run.content_hash,
    metadata: run.metadata,
  }
  const head = JSON.stringify({ run_id: run.id, artifact })
  return Buffer.concat([Buffer.from(head.slice(0, -2)), ...contentMember(run, content), Buffer.from('}}')])
}

function contentMember({ content_kind }: OpenRun, content: Buffer): Buffer[] {
  switch (content_kind) {
    case 'json':
      return [Buffer.from(',"content":'), content]
    case 'text':
      return [Buffer.from(`,"content":${JSON.stringify(content.toString('utf8'))}`)]
    case 'binary':
      return [Buffer.from(',"content_base64":"'), base64Of(content), Buffer.from('"')]
    default:
      return unreachable(content_kind)
  }
}

/** In parts, as the text of the whole would be held beside its bytes. */
function base64Of(content: Buffer): Buffer {
  const encoded = Buffer.allocUnsafe(Math.ceil(content.length / 3) * 4)
  for (let from = 0; from < content.length; from += PART_BYTES)
    encoded.write(content.toString('base64', from, from + PART_BYTES), (from / 3) * 4, 'latin1')
  return encoded
}

/** Of three bytes each four characters are made. */
const PART_BYTES = 3 * 2 ** 16
