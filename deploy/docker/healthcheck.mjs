// What HEALTHCHECK runs: whether the service of this container can do its work. A path without an answer of its own
// (as of the sample Checkr, which knows no readiness) is well as long as something answers.
const [, , port, path = '/readyz'] = process.argv
const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(3000) })
const answer = await response.text()
if (path === '/readyz' && !response.ok) {
  console.error(`${response.status} ${answer.slice(0, 500)}`)
  process.exit(1)
}
