import type { Tx } from '@keepr/db/transaction'
import type { TestDatabase } from '@keepr/dev-env/testing/database'
import { postgres } from '@keepr/db/driver/postgres'

type PlanNode = {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Actual Rows'?: number
  'Actual Loops'?: number
  'Rows Removed by Filter'?: number
  'Rows Removed by Index Recheck'?: number
  'Shared Hit Blocks'?: number
  'Shared Read Blocks'?: number
  Plans?: PlanNode[]
}
export type Plan = {
  text: string
  nodes: PlanNode[]
  /** Rows, and entries of indexes that tell all that is asked of a row. */
  rowsTouched: number
  /** Rows alone, but for those that are beside others on a page of which a bitmap too large for its memory tells no more. */
  rowsRead: number
  blocksRead: number
  scanned: string[]
}

export type Explained = AsyncDisposable & {
  /** The plans of every statement that a story runs as the role, those inside of functions and triggers included. */
  plansOf(story: (tx: Tx) => Promise<unknown>): Promise<Plan[]>
}

type Role = 'keepr_api' | 'keepr_validation'

/** As connect.ts sets them for that role; reads of users, which are no transactions, may also read a table from end to end. */
const settings: Record<Role, Record<string, string>> = {
  keepr_api: { 'keepr.group_id': 'acme', 'keepr.user_id': 'alice', 'keepr.roles': 'admin,author,consumer' },
  keepr_validation: { 'keepr.group_id': 'acme', plan_cache_mode: 'force_generic_plan', enable_seqscan: 'off' },
}

/** A connection as one role whose server explains each statement as it runs it (auto_explain), to this client alone. */
export async function openExplained(database: TestDatabase, role: Role = 'keepr_api'): Promise<Explained> {
  await database.admin`do $$
    declare
      setting text;
    begin
      foreach setting in array array['session_preload_libraries = auto_explain', 'auto_explain.log_min_duration = 0',
        'auto_explain.log_analyze = on', 'auto_explain.log_buffers = on', 'auto_explain.log_nested_statements = on', 'auto_explain.log_format = json'] loop
        execute format('alter role keepr_api in database %I set ', current_database()) || setting;
        execute format('alter role keepr_validation in database %I set ', current_database()) || setting;
      end loop;
    end $$`
  const told: string[] = []
  const sql = postgres(database.urlOf(role), {
    max: 1,
    onnotice: ({ message }) => void (message && told.push(message)),
    connection: { client_min_messages: 'log' },
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
  })
  return {
    async plansOf(story) {
      await sql.begin(async (tx) => {
        for (const [name, value] of Object.entries(settings[role])) await tx`select set_config(${name}, ${value}, true)`
        told.length = 0
        // SAFETY: a transaction with its actor set, as connect.ts makes one.
        await story(tx as unknown as Tx)
        await tx`rollback` // what a story writes is not for the next one
      })
      return told.flatMap(readPlan)
    },
    [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }),
  }
}

function readPlan(message: string): Plan[] {
  const json = /plan:\s*(\{.*\})\s*$/su.exec(message)?.[1]
  if (json === undefined) return []
  // SAFETY: as auto_explain prints it.
  const { 'Query Text': text, Plan: root } = JSON.parse(json) as { 'Query Text': string; Plan: PlanNode }
  const nodes = flatten(root)
  const scans = nodes.filter((node) => node['Relation Name'] !== undefined)
  return [
    {
      text,
      nodes,
      blocksRead: scans.reduce((most, node) => Math.max(most, blocks(node)), 0),
      rowsTouched: scans.reduce((sum, node) => sum + touched(node), 0),
      rowsRead: scans.reduce((sum, node) => sum + read(node), 0),
      scanned: scans
        .filter((node) => node['Node Type'] === 'Seq Scan' && node['Actual Loops'] !== 0)
        .map((node) => node['Relation Name'] ?? ''),
    },
  ]
}

const flatten = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(flatten)]

const touched = (node: PlanNode): number =>
  ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)) *
  (node['Actual Loops'] ?? 1)

const read = (node: PlanNode): number =>
  node['Node Type'] === 'Index Only Scan' ? 0 : touched({ ...node, 'Rows Removed by Index Recheck': 0 })

/** An index may be read from end to end for few rows, which rows alone do not tell. */
const blocks = (node: PlanNode): number =>
  node.Plans || !node['Node Type'].includes('Scan')
    ? 0
    : (node['Shared Hit Blocks'] ?? 0) + (node['Shared Read Blocks'] ?? 0)
