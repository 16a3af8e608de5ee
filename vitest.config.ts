import { defineConfig } from 'vitest/config'

const beside = ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts']

// Unit tests stand beside pure modules and need nothing; everything else runs on real PostgreSQL, and on Redis where there is one.
export default defineConfig({
  test: {
    reporters: ['default', './packages/dev-env/src/testing/summary-reporter.ts'],
    projects: [
      { test: { name: 'unit', include: beside } },
      {
        test: {
          name: 'integration',
          include: [
            'apps/*/test/**/*.test.ts',
            'packages/*/test/**/*.test.ts',
            'test/**/*.test.ts',
            'deploy/**/*.test.ts',
          ],
          globalSetup: ['packages/dev-env/src/testing/global-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
