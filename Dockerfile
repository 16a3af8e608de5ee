# The images of Keepr, one target each: api, validation-worker, webhook-worker, migrate, sample-checkr.
#   docker build --target api --tag keepr/api:0.1.0 .
ARG NODE_IMAGE=node:26.10.0-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /keepr
# What decides which packages are installed comes first, so that a change of sources alone installs nothing again.
COPY package.json package-lock.json .npmrc ./
COPY apps/api/package.json apps/api/
COPY apps/validation-worker/package.json apps/validation-worker/
COPY apps/webhook-worker/package.json apps/webhook-worker/
COPY packages/db/package.json packages/db/
COPY packages/dev-env/package.json packages/dev-env/
COPY packages/shared/package.json packages/shared/
# No install script runs: nothing that is bundled needs one.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY apps apps
COPY packages packages
COPY deploy/build deploy/build
RUN node deploy/build/main.ts

FROM ${NODE_IMAGE} AS runtime
ENV NODE_ENV=production HOST=0.0.0.0 KEEPR_CONFIG_DIR=/etc/keepr
# Little memory: what large content took is given back when it is freed, and (by the flags of each entry point, not all of which
# NODE_OPTIONS may hold) the heap is small.
ENV MALLOC_MMAP_THRESHOLD_=262144 MALLOC_ARENA_MAX=2
# A service installs nothing while it runs.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn*
WORKDIR /keepr
COPY package.json LICENSE ./
COPY deploy/docker/healthcheck.mjs ./
# By number, as Kubernetes must see that it is not root.
USER 1000:1000

FROM runtime AS api
COPY --from=build /keepr/dist/services/api dist/services/api
ENV PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s --retries=3 CMD ["node", "healthcheck.mjs", "http://127.0.0.1:8080/readyz"]
ENTRYPOINT ["node", "--max-semi-space-size=8", "--heap-growing-percent=40", "--enable-source-maps", "dist/services/api/main.js"]

FROM runtime AS validation-worker
COPY --from=build /keepr/dist/services/validation-worker dist/services/validation-worker
ENV METRICS_PORT=9090
EXPOSE 9090
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s --retries=3 CMD ["node", "healthcheck.mjs", "http://127.0.0.1:9090/readyz"]
ENTRYPOINT ["node", "--max-semi-space-size=8", "--heap-growing-percent=40", "--enable-source-maps", "dist/services/validation-worker/main.js"]

FROM runtime AS webhook-worker
COPY --from=build /keepr/dist/services/webhook-worker dist/services/webhook-worker
ENV METRICS_PORT=9090
EXPOSE 9090
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s --retries=3 CMD ["node", "healthcheck.mjs", "http://127.0.0.1:9090/readyz"]
ENTRYPOINT ["node", "--max-semi-space-size=8", "--heap-growing-percent=40", "--enable-source-maps", "dist/services/webhook-worker/main.js"]

# Ends when its work is done, so it has no health.
FROM runtime AS migrate
COPY --from=build /keepr/dist/services/migrate dist/services/migrate
COPY migrations migrations
HEALTHCHECK NONE
ENTRYPOINT ["node", "--max-semi-space-size=8", "--heap-growing-percent=40", "--enable-source-maps", "dist/services/migrate/main.js"]

# For trials: a validator that looks for forbidden patterns, and (webhook-listen.js) a receiver of webhooks.
FROM runtime AS sample-checkr
COPY --from=build /keepr/dist/services/sample-checkr dist/services/sample-checkr
EXPOSE 8090
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s --retries=3 CMD ["node", "healthcheck.mjs", "http://127.0.0.1:8090/"]
ENTRYPOINT ["node", "--max-semi-space-size=8", "--heap-growing-percent=40", "--enable-source-maps", "dist/services/sample-checkr/main.js"]
