import { defineConfig } from 'vitest/config'

const integration = {
  globalSetup: ['packages/dev-env/src/testing/global-setup.ts'],
  testTimeout: 30_000,
  hookTimeout: 60_000,
}

// Unit tests stand beside pure modules and need nothing; everything else runs on real PostgreSQL, and on Redis where there is one.
// Most of it waits for something, so that two files at once take little more than one. What runs all of Keepr comes last, alone: it
// needs both cores, and two on one Redis would take each other's jobs.
export default defineConfig({
  test: {
    reporters: ['default', './packages/dev-env/src/testing/summary-reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['apps/*/test/**/*.test.ts', 'packages/*/test/**/*.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          ...integration,
        },
      },
      {
        test: {
          name: 'whole',
          include: ['test/**/*.test.ts', 'deploy/**/*.test.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
          ...integration,
        },
      },
    ],
  },
})
