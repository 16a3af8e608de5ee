/**
 * How a service is run so that it holds little memory. Requests leave little that lives: a small nursery costs no speed, and
 * the default one three times as much memory. Large content is given back to the system when it is freed; by default the
 * allocator of Linux keeps such room after it was freed once. The Dockerfile says the same.
 */
export const leanProcess = {
  flags: ['--max-semi-space-size=4'],
  env: { MALLOC_MMAP_THRESHOLD_: '262144' },
} as const
