import { TYPES, type TypeName } from '../configuration.ts'
import type { Acked, History } from '../history.ts'
import type { Random } from '../random.ts'
import type { Answer, Caller } from './caller.ts'

export type Tokens = Record<'author' | 'admin' | 'consumer' | 'foreigner', string>

/** One of the run's users: it remembers what it has made, and does one thing after the other. */
export type Client = {
  name: string
  group: string
  tokens: Tokens
  random: Random
  caller: Caller
  history: History
  /** Versions of the group that were accepted, whoever sent them. */
  known: Acked[]
  /** Its own drafts: nobody else edits them. */
  drafts: Acked[]
  count: number
}

/** What is read from the answer about an artifact. */
export type ArtifactAnswer = {
  id: string
  name: string
  type: TypeName
  version: string
  status: string
  usable: boolean
  content_hash: string
  content?: unknown
}

// SAFETY: every answer with a success status has this shape by its schema; a wrong one fails the checks that follow.
export const artifactOf = (answer: Answer): ArtifactAnswer =>
  JSON.parse(answer.bytes.toString('utf8')) as ArtifactAnswer

// SAFETY: TYPES has exactly these keys, and more than one.
const typeNames = Object.keys(TYPES) as [TypeName, ...TypeName[]]
const NAMES_PER_TYPE = 20

export const pickType = (random: Random): TypeName => random.pick(typeNames)
export const pickName = (random: Random, type: TypeName): string => `${type}-${random.between(0, NAMES_PER_TYPE)}`

export const pathOf = ({ name, version, type }: { name: string; version: string; type: string }, more = ''): string =>
  `/artifacts/${name}/${version}${more}?type=${type}`
