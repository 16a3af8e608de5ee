/** `dataDir` where it is not the default: the token's keys are there. */
type Welcome = {
  url: string
  token: string
  seconds: number
  dataDir: string | undefined
  degraded: string | undefined
}

/** What `npm start` says once everything runs: lines that work as printed. */
export const welcome = ({ url, token, seconds, dataDir, degraded }: Welcome): string => `
Keepr is ready after ${seconds.toFixed(1)} s: ${url} (reference: ${url}/docs)
${degraded === undefined ? '' : `But the queue is degraded, and verdicts wait for it: ${degraded}\n`}
A development token for alice of acme (another: ${dataDir === undefined ? '' : `KEEPR_DATA_DIR='${dataDir}' `}npm run token -- --group acme --user bob --role admin):

export KEEPR=${url} TOKEN=${token}

Submit a prompt, poll until it is published, then publish the next version:

curl -s "$KEEPR/artifacts/" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"name":"greeting","type":"prompt","content":{"text":"Hello, {{name}}!"}}'
until curl -sf "$KEEPR/artifacts/greeting" -H "Authorization: Bearer $TOKEN"; do sleep 0.2; done
curl -s "$KEEPR/artifacts/" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -H 'Prefer: wait=10' -d '{"name":"greeting","type":"prompt","content":{"text":"Good morning, {{name}}!"}}'
curl -s "$KEEPR/artifacts/greeting/versions" -H "Authorization: Bearer $TOKEN"

Submit a script to the sample Checkr, wait for its verdict: eval( gets it blocked.

curl -s "$KEEPR/artifacts/" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -H 'Prefer: wait=10' -d '{"name":"tidy-up","type":"python_script","content":{"source":"eval(input())"}}'

Ctrl-C stops everything; the next start goes on with the same data.
`
