type Image = {
  /** Where each program of the image begins; `main` is what the image runs. */
  programs: Readonly<Record<string, string>>
  /** Packages whose files are served and not imported: only these files (and folders) of them are taken. */
  assets?: Readonly<Record<string, readonly string[]>>
}

/** The images and what is in them. The Dockerfile has a target for each. */
export const images = {
  api: {
    programs: { main: 'apps/api/src/main.ts' },
    assets: {
      '@bull-board/ui': ['package.json', 'dist'],
      'swagger-ui-dist': [
        'package.json',
        'LICENSE',
        'NOTICE',
        'index.html',
        'index.css',
        'swagger-ui.css',
        'swagger-ui-bundle.js',
        'swagger-ui-standalone-preset.js',
        'favicon-16x16.png',
        'favicon-32x32.png',
      ],
    },
  },
  'validation-worker': { programs: { main: 'apps/validation-worker/src/main.ts' } },
  'webhook-worker': { programs: { main: 'apps/webhook-worker/src/main.ts' } },
  // And what an operator does to the database by hand.
  migrate: {
    programs: {
      main: 'packages/dev-env/src/migrate.ts',
      verify: 'packages/dev-env/src/verify.ts',
      purge: 'packages/dev-env/src/purge.ts',
    },
  },
  'sample-checkr': {
    programs: {
      main: 'packages/dev-env/src/sample-checkr/main.ts',
      'webhook-listen': 'packages/dev-env/src/webhook-listen.ts',
    },
  },
} as const satisfies Record<string, Image>
