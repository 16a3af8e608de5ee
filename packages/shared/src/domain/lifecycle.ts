export const STATUSES = ['draft', 'on_verification', 'published', 'archived', 'blocked'] as const
export type Status = (typeof STATUSES)[number]

/** The lifecycle's verbs: what can make an artifact change its status. */
export const MOVES = [
  'submit',
  'pass',
  'fail',
  'cancel',
  'expire',
  'roll_back',
  'archive',
  'retain',
  'clean_up',
  'fail_recheck',
  'revalidate',
  'restore',
] as const
export type Move = (typeof MOVES)[number]

export type Transition = { from: Status; to: Status; by: readonly Move[] }

/**
 * Every move there is. The trigger in migrations/0004_lifecycle_guard.sql and docs/lifecycle.md hold the same table;
 * tests compare them. A discarded draft is deleted, so discarding is no move between two states.
 */
export const transitions: readonly Transition[] = [
  { from: 'draft', to: 'on_verification', by: ['submit'] },
  { from: 'on_verification', to: 'published', by: ['pass'] },
  { from: 'on_verification', to: 'blocked', by: ['fail', 'cancel', 'expire'] },
  { from: 'published', to: 'archived', by: ['roll_back', 'archive', 'retain', 'clean_up'] },
  { from: 'published', to: 'blocked', by: ['fail_recheck'] },
  { from: 'blocked', to: 'on_verification', by: ['revalidate'] },
  { from: 'archived', to: 'published', by: ['roll_back', 'restore'] },
]

/** The states in which an artifact can come into being. */
export const ENTRY_STATUSES: readonly Status[] = ['draft', 'on_verification']

/** Whether an artifact may go from one state to another, and (where given) whether this verb may take it there. */
export function mayMove(from: Status, to: Status, by?: Move): boolean {
  return transitions.some((move) => move.from === from && move.to === to && (by === undefined || move.by.includes(by)))
}

/** Where a verb leads from a state; undefined when it leads nowhere. */
export function destination(from: Status, by: Move): Status | undefined {
  return transitions.find((move) => move.from === from && move.by.includes(by))?.to
}

/** Only published content is usable. */
export const isUsable = (status: Status): boolean => status === 'published'

/** Why a version lies in the history. */
export const ARCHIVE_REASONS = ['rolled_back', 'archived', 'superseded', 'cleanup'] as const
export type ArchiveReason = (typeof ARCHIVE_REASONS)[number]
