#!/usr/bin/env bash
# Builds the real Dockerfile and brings up the real docker-compose.yml on stand-ins for the base images
# (stand-in-images.sh), then runs the README's journey against it. Not part of CI: it needs root, a Docker engine and ten
# minutes. It does not cover what the stand-ins are not: the official images' own entry points, PostgreSQL 18 (Debian's is
# 15), Vault and Grafana, and Compose's own parallel builds where only the older docker-compose is at hand.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

compose() {
  if docker compose version >/dev/null 2>&1; then docker compose "$@"; else docker-compose "$@"; fi
}
step() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }
api() { docker exec "$(compose ps -q api)" "$@"; }

command -v debootstrap >/dev/null || { echo 'debootstrap is needed: apt-get install docker.io docker-compose debootstrap' >&2; exit 1; }
docker info >/dev/null || { echo 'no Docker engine answers: start dockerd first' >&2; exit 1; }

export COMPOSE_PROJECT_NAME=keepr-stand-ins
export NODE_IMAGE=keepr-stand-in/node POSTGRES_IMAGE=keepr-stand-in/postgres REDIS_IMAGE=keepr-stand-in/redis
export PROMETHEUS_IMAGE=keepr-stand-in/prometheus
export PORT=${PORT:-18080} POSTGRES_PORT=${POSTGRES_PORT:-15432} PROMETHEUS_PORT=${PROMETHEUS_PORT:-19090}
url=http://127.0.0.1:$PORT

step 'stand-ins'
bash deploy/test/stand-in-images.sh

step 'images'
for target in api validation-worker webhook-worker migrate sample-checkr; do
  # The old builder on the host's network, for the same reasons as the stand-ins.
  DOCKER_BUILDKIT=0 docker build --quiet --network host --build-arg "NODE_IMAGE=$NODE_IMAGE" --target "$target" --tag "keepr/$target:0.1.0" . >/dev/null
  printf '%s: %s bytes of its own\n' "$target" "$(docker run --rm --entrypoint du "keepr/$target:0.1.0" -sb /keepr | cut -f1)"
  docker run --rm --entrypoint sh "keepr/$target:0.1.0" -c '! command -v npm && ! ls -d node_modules 2>/dev/null && [ "$(id -u)" = 1000 ]'
done

step 'compose up'
trap 'compose --profile monitoring down --volumes --timeout 10 >/dev/null 2>&1' EXIT
compose up --detach
for service in postgres redis sample-checkr sample-receiver api validation-worker webhook-worker; do
  id=$(compose ps -q "$service")
  until [ "$(docker inspect --format '{{.State.Health.Status}}' "$id")" = healthy ]; do
    [ "$SECONDS" -lt 900 ] || { docker logs --tail 30 "$id"; exit 1; }
    sleep 1
  done
  echo "$service is healthy"
done
[ "$(docker inspect --format '{{.State.ExitCode}}' "$(compose ps -aq migrate 2>/dev/null || compose ps -q migrate)")" = 0 ]

step "the README's journey"
JWT_SECRET=$(api cat /run/keepr/api/jwt_secret)
export JWT_SECRET
sed -n '/<!-- journey/,/^```$/p' README.md | sed -e '1,2d' -e '$d' -e "s#http://127.0.0.1:8080#$url#" >/tmp/keepr-journey.sh
timeout 120 bash -eu -o pipefail /tmp/keepr-journey.sh >/tmp/keepr-journey.out
for words in '"version":"1".*"status":"published"' '"version":"2".*"status":"published"' '"status":"blocked".*python\.eval'; do
  grep --quiet --extended-regexp "$words" /tmp/keepr-journey.out || { cat /tmp/keepr-journey.out; echo "missing: $words"; exit 1; }
done
until docker logs "$(compose ps -q sample-receiver)" 2>&1 | grep 'verified: artifact.blocked python_script/tidy-up@1'; do
  [ "$SECONDS" -lt 900 ] || exit 1
  sleep 1
done

step 'what a service may not'
api sh -c '! touch /keepr/x 2>/dev/null && ! touch /tmp/x 2>/dev/null && ! ls /run/keepr/admin /run/keepr/worker 2>/dev/null'

step 'kill -9 of the three services, and what they had accepted'
token=$(npm run --silent token -- --group acme --user alice --role author | tail -n 1)
for n in 1 2 3 4 5; do
  curl --silent --fail "$url/artifacts/" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
    -d "{\"name\": \"kept-$n\", \"type\": \"sast_plugin\", \"content\": {\"n\": $n}}" >/dev/null
done
docker kill "$(compose ps -q api)" "$(compose ps -q validation-worker)" "$(compose ps -q webhook-worker)" >/dev/null
compose up --detach >/dev/null 2>&1
for n in 1 2 3 4 5; do
  until curl --silent "$url/artifacts/kept-$n/1?type=sast_plugin" -H "Authorization: Bearer $token" | grep --quiet '"status":"published"'; do
    [ "$SECONDS" -lt 900 ] || { echo "kept-$n is not published"; exit 1; }
    sleep 1
  done
done
echo 'all five are published'

step 'monitoring'
compose up --detach prometheus
until curl --silent "http://127.0.0.1:$PROMETHEUS_PORT/api/v1/query?query=sum(up%7Bjob%3D%22keepr%22%7D)" | grep --quiet '"3"'; do
  [ "$SECONDS" -lt 900 ] || { docker logs --tail 30 "$(compose ps -q prometheus)"; exit 1; }
  sleep 1
done
echo 'Prometheus scrapes all three services, and has read the rules'

step 'SIGTERM'
for service in api validation-worker webhook-worker; do
  id=$(compose ps -q "$service")
  docker stop --time 10 "$id" >/dev/null
  printf '%s ended with %s\n' "$service" "$(docker inspect --format '{{.State.ExitCode}}' "$id")"
  [ "$(docker inspect --format '{{.State.ExitCode}}' "$id")" = 0 ]
done
step 'passed'
