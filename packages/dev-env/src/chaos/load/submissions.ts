import { TYPES } from '../configuration.ts'
import type { Acked, Sent } from '../history.ts'
import type { Answer } from './caller.ts'
import { artifactOf, type Client, pathOf, pickName, pickType } from './client.ts'
import { makeContent } from './content.ts'

const VALIDATED_HARM = 0.3
const REMEMBERED = 400

/** A new version by JSON or multipart: of any type, harmful or not, with or without a version, sometimes waiting for its verdict. */
export async function submit(client: Client): Promise<void> {
  const { random } = client
  const type = pickType(random)
  await send(client, { ...makeSent(client, pickName(random, type), type), draft: random.chance(0.2) })
}

/** What was sent before, once more: the same version where it is the latest, else a new one that names the old. */
export async function submitAgain(client: Client): Promise<void> {
  const before = client.random.pick(client.known)
  if (before) await send(client, { ...before, draft: false })
}

/** A used version once more: refused for ever, whatever became of it. */
export async function submitUsedVersion(client: Client): Promise<void> {
  const { random, caller, history, tokens } = client
  const used = random.pick(client.known)
  if (!used) return
  const sent = makeSent(client, used.name, used.type)
  const { hash, body } = makeContent(sent.type, sent.nonce, sent.harmful)
  history.sent.set(hash, sent)
  const json = { name: used.name, type: used.type, version: used.version, ...body }
  const asked = { operation: 'submit used version', method: 'POST', path: '/artifacts/', token: tokens.author } as const
  const answer = await caller.write({ ...asked, body: json }, random)
  if (answer && answer.status < 300) history.complaints.push(`${used.name}@${used.version} was given away twice`)
}

/** Replaces the content of an own draft. */
export async function editDraft(client: Client): Promise<void> {
  const { random, caller, history, tokens } = client
  const draft = random.pick(client.drafts)
  if (!draft) return
  const sent = makeSent(client, draft.name, draft.type)
  const { hash, body } = makeContent(sent.type, sent.nonce, sent.harmful)
  const hashes = history.hashes.get(draft.id)
  history.sent.set(hash, sent)
  hashes?.add(hash)
  const asked = { operation: 'edit draft', method: 'PUT', path: pathOf(draft), token: tokens.author, body } as const
  const answer = await caller.write(asked, random)
  if (answer === undefined) return
  if (answer.status < 300) history.hashes.set(draft.id, new Set([hash]))
  else hashes?.delete(hash)
}

export async function submitDraft(client: Client): Promise<void> {
  const draft = takeDraft(client)
  if (!draft) return
  const { random, caller, tokens } = client
  const path = pathOf(draft, '/submit')
  const answer = await caller.write({ operation: 'submit draft', method: 'POST', path, token: tokens.author }, random)
  if (answer?.status === 202) remember(client, draft)
}

export async function discardDraft(client: Client): Promise<void> {
  const draft = takeDraft(client)
  if (!draft) return
  const { caller, history, tokens } = client
  const answer = await caller.ask({ operation: 'discard', method: 'DELETE', path: pathOf(draft), token: tokens.author })
  if (answer?.status === 204) history.discarded.add(draft.id)
  else history.perhapsDiscarded.add(draft.id)
}

const makeSent = (client: Client, name: string, type: Sent['type']): Sent => ({
  group: client.group,
  type,
  name,
  nonce: `${client.name}-${++client.count}`,
  harmful: client.random.chance(VALIDATED_HARM),
})

async function send(client: Client, sent: Sent & { draft: boolean }) {
  const { random, caller, history, tokens } = client
  const { hash, bytes, body } = makeContent(sent.type, sent.nonce, sent.harmful)
  const known = history.sent.get(hash)
  history.sent.set(hash, known ?? sent)
  const json = {
    name: sent.name,
    type: sent.type,
    ...(sent.draft ? { draft: true } : {}),
    ...(TYPES[sent.type].versioning === 'semver' ? { bump: random.pick(['patch', 'minor', 'major']) } : {}),
    ...(sent.type === 'prompt' && random.chance(0.2) ? { usage_policy: 'public' } : {}),
    metadata: { tags: ['chaos', sent.type], nonce: sent.nonce },
  }
  const waits = random.chance(0.3) ? { prefer: 'wait=5' } : {}
  const asked = {
    operation: sent.draft ? 'create draft' : 'submit',
    method: 'POST',
    path: '/artifacts/',
    token: tokens.author,
  } as const
  const answer = random.chance(0.15)
    ? await caller.write({ ...asked, body: multipart(json, bytes), headers: waits }, random)
    : await caller.write({ ...asked, body: { ...json, ...body }, headers: waits }, random)
  if (answer && answer.status < 300) accepted(client, sent, { answer, hash })
}

function accepted(client: Client, sent: Sent & { draft: boolean }, { answer, hash }: { answer: Answer; hash: string }) {
  const { id, version, status, content_hash } = artifactOf(answer)
  const { complaints } = client.history
  if (content_hash !== hash) complaints.push(`${sent.name}@${version} was accepted under another hash`)
  if (status === 'published' && sent.harmful && TYPES[sent.type].validated)
    complaints.push(`${sent.name}@${version} is harmful and was published`)
  const acked: Acked = { ...sent, id, version, hash }
  if (answer.status !== 200) client.history.acknowledge(acked)
  if (sent.draft) client.drafts.push(acked)
  else remember(client, acked)
}

/** The newest are of interest. */
function remember({ known }: Client, acked: Acked) {
  known.push(acked)
  if (known.length > REMEMBERED) known.shift()
}

function takeDraft({ random, drafts }: Client): Acked | undefined {
  return drafts.splice(random.between(0, drafts.length), 1)[0]
}

function multipart(json: object, bytes: Buffer): FormData {
  const form = new FormData()
  form.append('artifact', new Blob([JSON.stringify(json)], { type: 'application/json' }))
  form.append('content', new Blob([Uint8Array.from(bytes)], { type: contentTypeOf(json) }), 'content')
  return form
}

// SAFETY: made above, with its type.
const contentTypeOf = (json: object) =>
  ({ json: 'application/json', text: 'text/plain', binary: 'application/octet-stream' })[
    TYPES[(json as { type: Sent['type'] }).type].content
  ]
