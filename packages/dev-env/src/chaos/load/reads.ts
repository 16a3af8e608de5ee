import { canonicalBytes, contentHash } from '@keepr/shared/domain/content-hash'
import { TYPES } from '../configuration.ts'
import type { Answer } from './caller.ts'
import { artifactOf, type ArtifactAnswer, type Client, pathOf } from './client.ts'

type Look = [operation: string, path: string]

/** The latest version, as a consumer: whatever it answers is published at some moment of the request. */
export async function readLatest(client: Client): Promise<void> {
  const known = client.random.pick(client.known)
  if (!known) return
  const path = `/artifacts/${known.name}?type=${known.type}`
  await readOne(client, { operation: 'read latest', path, token: client.tokens.consumer })
}

export async function readById(client: Client): Promise<void> {
  const known = client.random.pick(client.known)
  if (known)
    await readOne(client, {
      operation: 'read by id',
      path: `/artifacts/by-id/${known.id}`,
      token: client.tokens.consumer,
    })
}

/** As its author, who sees every state, but content only where it may be used or is its own draft or archive. */
export async function readVersion(client: Client): Promise<void> {
  const known = client.random.pick(client.known)
  if (known) await readOne(client, { operation: 'read version', path: pathOf(known), token: client.tokens.author })
}

/** The bytes, as a consumer; sometimes only asking whether they are still served (304). */
export async function readContent(client: Client): Promise<void> {
  const { random, caller, history, tokens } = client
  const known = random.pick(client.known)
  if (!known) return
  const [hash = ''] = history.hashes.get(known.id) ?? [known.hash]
  const headers: Record<string, string> = random.chance(0.3) ? { 'if-none-match': `"${hash}"` } : {}
  const path = pathOf(known, '/content')
  const answer = await caller.ask({ operation: 'read content', method: 'GET', path, token: tokens.consumer, headers })
  if (answer?.status === 200) {
    const actual = contentHash(answer.bytes)
    if (answer.headers.get('etag') !== `"${actual}"`) history.complaints.push(`${path} does not hash to its ETag`)
    served(client, known.id, actual, answer)
  }
  if (answer?.status === 304) served(client, known.id, hash, answer)
}

/** Lists, versions, events, differences: they answer and never show content. */
export async function readAround(client: Client): Promise<void> {
  const { random, caller, history, tokens } = client
  const known = random.pick(client.known)
  if (!known) return
  const { name, type, version } = known
  const looks: readonly [Look, ...Look[]] = [
    ['list', `/artifacts/?type=${type}&limit=100`],
    ['list', `/artifacts/?name=${type}*&status=archived`],
    ['list', '/artifacts/?q=chaos&scope=public'],
    ['versions', `/artifacts/${name}/versions?type=${type}`],
    ['events', pathOf({ name, type, version }, '/events')],
    ['diff', `/artifacts/${name}/diff?type=${type}&from=${version}&to=${version}`],
    ['types', '/types'],
  ]
  const [operation, path] = random.pick(looks)
  const answer = await caller.ask({ operation, method: 'GET', path, token: tokens.author })
  if (operation !== 'diff' && answer?.status === 200 && answer.bytes.includes('"content":{'))
    history.complaints.push(`${path} shows content`)
}

/** What belongs to another group and is not public does not exist. */
export async function readForeign(client: Client): Promise<void> {
  const { random, caller, history, tokens } = client
  const known = random.pick(client.known.filter(({ type }) => type !== 'prompt'))
  if (!known) return
  const path = random.pick([`/artifacts/by-id/${known.id}`, pathOf(known, '/events')])
  const answer = await caller.ask({ operation: 'read foreign', method: 'GET', path, token: tokens.foreigner })
  if (answer && path.includes('by-id') && answer.status !== 404)
    history.complaints.push(`${path} of another group answered ${answer.status}`)
}

async function readOne(client: Client, asked: { operation: string; path: string; token: string }): Promise<void> {
  const answer = await client.caller.ask({ method: 'GET', ...asked })
  if (answer?.status !== 200) return
  const artifact = artifactOf(answer)
  const { complaints } = client.history
  const { status, usable } = artifact
  if (usable !== (status === 'published')) complaints.push(`${asked.path} is ${status} and usable: ${usable}`)
  if (asked.token === client.tokens.consumer && status !== 'published')
    complaints.push(`${asked.path} shows a ${status} version to a consumer`)
  if (artifact.content === undefined) return
  if (status === 'on_verification' || status === 'blocked')
    complaints.push(`${asked.path} is ${status} and shows content`)
  const actual = inlineHash(artifact)
  if (actual !== artifact.content_hash) complaints.push(`${asked.path} shows content of another hash`)
  if (status === 'published') served(client, artifact.id, actual, answer)
}

const inlineHash = ({ type, content }: ArtifactAnswer) =>
  contentHash(TYPES[type].content === 'json' ? canonicalBytes(content) : Buffer.from(String(content), 'utf8'))

function served({ history }: Client, id: string, hash: string, { from, until }: Answer) {
  history.served.push({ id, hash, from, until })
}
