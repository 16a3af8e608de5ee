/** What `npm start` says once everything runs: lines that work as printed. */
export const welcome = ({ url, token, seconds }: { url: string; token: string; seconds: number }): string => `
Keepr is ready after ${seconds.toFixed(1)} s: ${url} (reference: ${url}/docs)

A development token for alice of acme (another: npm run token -- --group acme --user bob --role admin):

export TOKEN=${token}

Submit a prompt, see it published, fetch the latest:

curl -s ${url}/artifacts/ -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"name":"greeting","type":"prompt","content":{"text":"Hello, {{name}}!"}}'
curl -s "${url}/artifacts/greeting/versions" -H "Authorization: Bearer $TOKEN"
curl -s ${url}/artifacts/greeting -H "Authorization: Bearer $TOKEN"

Submit a script to the sample Checkr (eval( in it gets it blocked), and wait for its verdict:

curl -s ${url}/artifacts/ -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -H 'Prefer: wait=10' -d '{"name":"tidy-up","type":"python_script","content":{"source":"print(1)"}}'

Ctrl-C stops everything; the next start goes on with the same data.
`
