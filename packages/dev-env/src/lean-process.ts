/**
 * How a service is run so that it holds little memory. Requests leave little that lives, and by default the heap is cleaned only
 * when it is three times as large as what lives in it: it may grow by 40 % instead, at a cost of CPU below what could be measured.
 * A nursery of half the default size costs pages nothing; a smaller one makes them dearer (docs/performance.md). Large content is
 * given back to the system when it is freed; by default the allocator of Linux keeps such room after it was freed once. It may have
 * two arenas: by default each thread that compiles or collects has one of its own, and keeps there what it has freed. The
 * Dockerfile says the same.
 */
export const leanProcess = {
  flags: ['--max-semi-space-size=8', '--heap-growing-percent=40'],
  env: { MALLOC_MMAP_THRESHOLD_: '262144', MALLOC_ARENA_MAX: '2' },
} as const
