# Makes the passwords and keys of one Compose project, once: random, in a folder (and volume) each for the database and the
# migration, the API, and the workers. What is there already, put there by hand, is left as it is. Readable by the
# containers that mount the volume, whatever their user.
set -eu
cd "${1:-/run/keepr}"
umask 022
mkdir -p admin api worker/named

keep() { [ -s "$1" ] || { cat >"$1.new" && mv "$1.new" "$1"; }; }
random() { head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \n'; }
url() { printf 'postgres://%s:%s@postgres:5432/keepr' "$1" "$(cat "admin/$2")"; }

for name in postgres_password keepr_api_password keepr_validation_password keepr_webhook_password keepr_queue_password; do
  random | keep "admin/$name"
done
url postgres postgres_password | keep admin/database_url

random | keep api/jwt_secret
url keepr_api keepr_api_password | keep api/database_url
url keepr_queue keepr_queue_password | keep api/queue_database_url

random | keep worker/named/PYTHON_VALIDATOR_TOKEN
printf 'whsec_%s' "$(head -c 32 /dev/urandom | base64 | tr -d '\n')" | keep worker/named/SAMPLE_WEBHOOK_SECRET
url keepr_validation keepr_validation_password | keep worker/validation_database_url
url keepr_webhook keepr_webhook_password | keep worker/webhook_database_url
url keepr_queue keepr_queue_password | keep worker/queue_database_url
