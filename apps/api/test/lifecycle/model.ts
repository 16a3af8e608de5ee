/** One thing that somebody asks of one name. `version` is a place in the world's list of versions. */
export type Command =
  | { do: 'submit'; version?: string }
  | { do: 'draft'; version?: string }
  | { do: 'edit' | 'discard' | 'send' | 'cancel' | 'revalidate' | 'archive' | 'restore' | 'patch'; version: string }
  | { do: 'rollback'; version: string; to?: string }
  | { do: 'settle'; as: 'published' | 'blocked' }

type Status = 'draft' | 'on_verification' | 'published' | 'archived' | 'blocked'
type Version = { status: Status; withdrawn: boolean }
/** What is answered: the status, and of a refusal its code. */
export type Expected = { status: number; code?: string }

const moves: Record<string, { from: Status; to: Status; status: number }> = {
  send: { from: 'draft', to: 'on_verification', status: 202 },
  cancel: { from: 'on_verification', to: 'blocked', status: 200 },
  revalidate: { from: 'blocked', to: 'on_verification', status: 202 },
  archive: { from: 'published', to: 'archived', status: 200 },
  restore: { from: 'archived', to: 'published', status: 200 },
}
const wrongStatus: Expected = { status: 409, code: 'wrong-status' }

/** What one name should be like: the specification in as few words as possible, sharing no line with the product. */
export class Model {
  readonly versions = new Map<string, Version>()
  /** All versions that can occur, lowest first. */
  readonly #order: readonly string[]

  constructor(order: readonly string[]) {
    this.#order = order
  }

  /** Does it here, and tells what the product should answer. */
  apply(command: Command): Expected {
    if (command.do === 'settle') return this.#settle(command.as)
    if (command.do === 'submit' || command.do === 'draft') return this.#create(command)
    const found = this.versions.get(command.version)
    if (!found) return { status: 404, code: 'not-found' }
    if (command.do === 'rollback') return this.#rollBack(command.version, command.to)
    if (command.do === 'edit') return found.status === 'draft' ? { status: 200 } : wrongStatus
    if (command.do === 'patch')
      return ['draft', 'published', 'blocked'].includes(found.status) ? { status: 200 } : wrongStatus
    if (command.do === 'discard') {
      if (found.status !== 'draft') return wrongStatus
      this.versions.delete(command.version)
      return { status: 204 }
    }
    const move = moves[command.do]
    if (!move || found.status !== move.from) return wrongStatus
    this.versions.set(command.version, { status: move.to, withdrawn: false })
    return { status: move.status }
  }

  /** The highest published release, or the highest published pre-release where there is no release. */
  latest(): string | undefined {
    return this.#latestOf(this.#in('published'))
  }

  #create({ do: how, version = this.#next() }: { do: 'submit' | 'draft'; version?: string }): Expected {
    if (this.versions.has(version)) return { status: 409, code: 'version-exists' }
    this.versions.set(version, { status: how === 'draft' ? 'draft' : 'on_verification', withdrawn: false })
    return { status: how === 'draft' ? 201 : 202 }
  }

  #settle(status: 'published' | 'blocked'): Expected {
    for (const version of this.#in('on_verification')) this.versions.set(version, { status, withdrawn: false })
    return { status: 0 }
  }

  #rollBack(version: string, to: string | undefined): Expected {
    if (version !== this.latest()) return { status: 409, code: 'not-latest' }
    const below = [...this.#in('published'), ...this.#in('archived')].filter(
      (one) => this.#rank(one) < this.#rank(version),
    )
    const target = to ?? this.#latestOf(below.filter((one) => !this.versions.get(one)?.withdrawn))
    if (target === undefined) return { status: 409, code: 'no-prior-version' }
    if (!below.includes(target)) return { status: 409, code: 'not-restorable' }
    for (const one of this.#in('published'))
      if (one === version || (one !== target && this.#latestOf([one, target]) === one))
        this.versions.set(one, { status: 'archived', withdrawn: true })
    this.versions.set(target, { status: 'published', withdrawn: false })
    return { status: 200 }
  }

  #latestOf(versions: readonly string[]): string | undefined {
    const releases = versions.filter((version) => !version.includes('-'))
    const candidates = releases.length > 0 ? releases : versions
    return candidates.toSorted((a, b) => this.#rank(a) - this.#rank(b)).at(-1)
  }

  #in = (status: Status) => [...this.versions].filter(([, one]) => one.status === status).map(([version]) => version)
  #rank = (version: string) => this.#order.indexOf(version)
  /** Of integers. */
  #next = () => String(Math.max(0, ...[...this.versions.keys()].map(Number)) + 1)
}
