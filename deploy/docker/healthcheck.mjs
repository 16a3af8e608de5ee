// Whether services can do their work, for HEALTHCHECK and for `helm test`: each URL must answer well. A root that has no
// page (of the sample Checkr, which knows no readiness) is well as long as something answers.
for (const url of process.argv.slice(2)) {
  const response = await fetch(url, { signal: AbortSignal.timeout(3000) })
  const answer = await response.text()
  if (response.ok || (new URL(url).pathname === '/' && response.status < 500)) continue
  console.error(`${url}: ${response.status} ${answer.slice(0, 500)}`)
  process.exitCode = 1
}
