import type { Product } from '../stage/product.ts'

type Published = { id: string; version: string; status: string }

/** Submits one artifact and waits until it is published. */
export async function submitOne({ url, headers }: Product, body: object): Promise<Published> {
  const answer = await fetch(`${url}/artifacts/`, {
    method: 'POST',
    headers: { ...headers, prefer: 'wait=30' },
    body: JSON.stringify(body),
  })
  // SAFETY: an artifact or a problem; which of them is looked at next.
  const artifact = (await answer.json()) as Published
  if (artifact.status !== 'published')
    throw new Error(`it was not published: ${answer.status} ${JSON.stringify(artifact)}`)
  return artifact
}
