# Makes the passwords and keys of one Compose project, once: random, kept in the volume `secrets`. What is there already
# (an own one, put there before) is left as it is. Readable by the containers that mount the volume, whatever their user.
set -eu
cd "${1:-/run/keepr}"
umask 022
mkdir -p named

random() { head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \n'; }
keep() { [ -s "$1" ] || { cat >"$1.new" && mv "$1.new" "$1"; }; }
url() { printf 'postgres://%s:%s@%s/keepr' "$1" "$(cat "$2")" "${POSTGRES_HOST:-postgres:5432}"; }

for name in postgres_password keepr_api_password keepr_validation_password keepr_webhook_password keepr_queue_password jwt_secret; do
  random | keep "$name"
done
random | keep named/PYTHON_VALIDATOR_TOKEN
printf 'whsec_%s' "$(head -c 32 /dev/urandom | base64 | tr -d '\n')" | keep named/SAMPLE_WEBHOOK_SECRET

url postgres postgres_password | keep admin_database_url
url keepr_api keepr_api_password | keep api_database_url
url keepr_validation keepr_validation_password | keep validation_database_url
url keepr_webhook keepr_webhook_password | keep webhook_database_url
url keepr_queue keepr_queue_password | keep queue_database_url
