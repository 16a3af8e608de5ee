import { artifactOf, type ArtifactAnswer, type Client, pathOf } from './client.ts'

type RolledBack = { withdrawn: { id: string }[] }

/** Rolls the latest version of some name back. */
export async function rollBack(client: Client): Promise<void> {
  const { random, caller, history, tokens } = client
  const latest = await latestOfSomeName(client)
  if (!latest) return
  const answer = await caller.write(
    {
      operation: 'roll back',
      method: 'POST',
      path: pathOf(latest, '/rollback'),
      token: tokens.admin,
      body: { reason: 'chaos' },
    },
    random,
  )
  if (answer?.status !== 200) return
  // SAFETY: the schema of this answer.
  const { withdrawn } = JSON.parse(answer.bytes.toString('utf8')) as RolledBack
  if (withdrawn.length === 0) history.complaints.push(`a rollback of ${latest.name}@${latest.version} withdrew nothing`)
  for (const { id } of withdrawn) noteWithdrawal(client, id, answer.until)
}

export async function archive(client: Client): Promise<void> {
  const known = client.random.pick(client.known)
  if (!known) return
  const { random, caller, tokens } = client
  const path = pathOf(known, '/archive')
  const answer = await caller.write({ operation: 'archive', method: 'POST', path, token: tokens.admin }, random)
  if (answer?.status === 200) noteWithdrawal(client, artifactOf(answer).id, answer.until)
}

export const restore = (client: Client): Promise<void> => actOnOne(client, 'archived', 'restore', client.tokens.admin)
export const revalidate = (client: Client): Promise<void> =>
  actOnOne(client, 'blocked', 'revalidate', client.tokens.author)
export const cancel = (client: Client): Promise<void> =>
  actOnOne(client, 'on_verification', 'cancel', client.tokens.author)
export const revalidateHeld = (client: Client): Promise<void> =>
  actOnOne(client, 'on_verification', 'revalidate', client.tokens.author, '&type=held')

export async function patchMetadata(client: Client): Promise<void> {
  const { random, caller, tokens } = client
  const known = random.pick(client.known)
  if (!known) return
  const policy = random.pick(['internal_only', 'public'])
  const body = {
    metadata: { tags: ['chaos', `n${random.between(0, 9)}`], category: random.pick(['a', 'b']), note: null },
    ...(known.type === 'prompt' && random.chance(0.3) ? { usage_policy: policy } : {}),
  }
  const path = pathOf(known, '/meta')
  await caller.write({ operation: 'patch metadata', method: 'PATCH', path, token: tokens.admin, body }, random)
}

export async function suggestCleanup({ random, caller, tokens }: Client): Promise<void> {
  const asked = {
    operation: 'suggest cleanup',
    method: 'POST',
    path: '/artifacts/cleanup',
    token: tokens.admin,
  } as const
  await caller.write({ ...asked, body: {} }, random)
}

async function actOnOne(client: Client, status: string, verb: string, token: string, more = ''): Promise<void> {
  const { random, caller } = client
  const path = `/artifacts/?status=${status}&limit=50${more}`
  const page = await caller.ask({ operation: `list ${status}`, method: 'GET', path, token })
  if (page?.status !== 200) return
  // SAFETY: the schema of this answer.
  const { items } = JSON.parse(page.bytes.toString('utf8')) as { items: ArtifactAnswer[] }
  const one = random.pick(items)
  if (one) await caller.write({ operation: verb, method: 'POST', path: pathOf(one, `/${verb}`), token }, random)
}

async function latestOfSomeName({ random, known, caller, tokens }: Client): Promise<ArtifactAnswer | undefined> {
  const one = random.pick(known)
  if (!one) return undefined
  const path = `/artifacts/${one.name}?type=${one.type}&content=false`
  const answer = await caller.ask({ operation: 'read latest', method: 'GET', path, token: tokens.author })
  return answer?.status === 200 ? artifactOf(answer) : undefined
}

function noteWithdrawal({ history }: Client, id: string, at: number) {
  history.withdrawn.set(id, [...(history.withdrawn.get(id) ?? []), at])
}
