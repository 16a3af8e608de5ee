/**
 * How a service is run so that it holds little memory. Requests leave little that lives, and by default the heap is cleaned only
 * when it is three times as large as what lives in it: it may grow by 40 % instead, at a cost of CPU below what could be measured. A small
 * nursery makes pages dearer under load (docs/performance.md); the default one costs three times as much memory. Large content is given back to the system when it is
 * freed; by default the allocator of Linux keeps such room after it was freed once. The Dockerfile says the same.
 */
export const leanProcess = {
  flags: ['--max-semi-space-size=4', '--heap-growing-percent=40'],
  env: { MALLOC_MMAP_THRESHOLD_: '262144' },
} as const
