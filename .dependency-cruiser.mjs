// Who may import whom (docs/ARCHITECTURE.md): main → context → app → routes|jobs → commands → db → domain.
import { createRequire } from 'node:module'

// Without TypeScript's JavaScript API it would see no .ts module at all and report that nothing is wrong.
const { transpileModule } = createRequire(import.meta.url)('typescript')
if (typeof transpileModule !== 'function') throw new Error('the package typescript must be one with a JavaScript API')

const forbid = (name, from, to) => ({ name, severity: 'error', from, to })
const packages = 'node_modules|^node:'

export default {
  forbidden: [
    // Types are gone at run time: they may look at each other.
    forbid('no-circular', {}, { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }),
    forbid('not-unresolvable', {}, { couldNotResolve: true }),
    forbid('an-app-never-imports-another', { path: '^apps/([^/]+)/' }, { path: '^apps/', pathNot: '^apps/$1/' }),
    forbid('packages-know-no-app', { path: '^packages/(?!dev-env)' }, { path: '^apps/' }),
    forbid('shared-is-the-ground', { path: '^packages/shared/' }, { path: '^packages/(?!shared/)' }),
    forbid(
      'domain-imports-nothing-of-ours',
      { path: '^packages/shared/src/domain/', pathNot: '\\.test\\.ts$' },
      { path: '^packages/(shared/src/(?!domain/)|db)' },
    ),
    forbid(
      'schemas-know-the-domain-only',
      { path: '^packages/shared/src/schemas/', pathNot: '\\.test\\.ts$' },
      { path: '^packages/shared/src/(?!domain/|schemas/)' },
    ),
    forbid(
      'db-knows-the-domain-only',
      { path: '^packages/db/src/', pathNot: 'migrate\\.ts$' },
      { path: '^packages/shared/src/(?!domain/)' },
    ),
    forbid(
      'db-knows-no-http-nor-queue',
      { path: '^packages/db/src/', pathNot: 'migrate\\.ts$' },
      { path: 'node_modules/(hono|bullmq|ioredis)/' },
    ),
    forbid(
      'commands-know-no-http-nor-queue',
      { path: '/commands/' },
      { path: `node_modules/(hono|bullmq)/|/routes/|/http/|/jobs/` },
    ),
    forbid('routes-speak-no-sql', { path: '/(routes|views)/' }, { path: 'node_modules/postgres/' }),
    forbid(
      'postgres-is-loaded-mended',
      { pathNot: '^packages/db/src/driver/postgres\\.ts$' },
      { path: 'node_modules/postgres/', dependencyTypesNot: ['type-only'] },
    ),
    forbid('views-are-pure', { path: '/views/' }, { path: 'packages/db/src/', dependencyTypesNot: ['type-only'] }),
  ],
  options: {
    doNotFollow: { path: packages },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
    combinedDependencies: true,
  },
}
