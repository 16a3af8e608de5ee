import * as v from 'valibot'

const Refusal = v.object({ response: v.object({ statusCode: v.number(), body: v.optional(v.unknown()) }) })
const Complaint = v.object({ errors: v.nullish(v.array(v.string()), []), warnings: v.nullish(v.array(v.string()), []) })

/** The status of Vault's refusal; undefined where it gave none. */
export const statusOf = (error: unknown): number | undefined => {
  const refusal = v.safeParse(Refusal, error)
  return refusal.success ? refusal.output.response.statusCode : undefined
}

/** Vault could not be asked, or is sealed or busy: it said nothing about who asks. */
export const isAway = (error: unknown): boolean => {
  const status = statusOf(error)
  return status === undefined ? !v.isValiError(error) : status === 429 || status >= 500
}

/** A secret that is not there is a bare 404; where the path is no KV v2 path Vault says so. */
export const complains = (error: unknown): boolean => {
  const refusal = v.safeParse(Refusal, error)
  const complaint = v.safeParse(Complaint, refusal.success ? refusal.output.response.body : undefined)
  return complaint.success && complaint.output.errors.length + complaint.output.warnings.length > 0
}

/** What went wrong, without the request that node-vault's errors carry along: that holds the token. */
export const reasonOf = (error: unknown): Error => {
  const status = statusOf(error)
  if (status === 404)
    return new Error(
      'Vault answered 404: expected VAULT_PATH to be of a KV v2 engine, `data` included, and VAULT_AUTH_MOUNT to be a login',
    )
  if (status !== undefined) return new Error(`Vault answered ${status}`)
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  return new Error(`Vault cannot be asked: ${code ?? (error instanceof Error ? error.name : 'unknown')}`)
}
