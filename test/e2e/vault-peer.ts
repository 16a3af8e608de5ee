import { httpPeer, type HttpPeer, json } from '../../apps/validation-worker/test/support/http-peer.ts'

export type VaultPeer = HttpPeer & {
  /** The fields of secret/data/keepr: set anew for a rotation. */
  fields: Record<string, string>
}

type Login = { roleId: string; secretId: string; token: string }

/** Speaks Vault's HTTP API as far as it is used: AppRole login and KV v2. */
export async function vaultPeer(
  { roleId, secretId, token }: Login,
  fields: Record<string, string>,
): Promise<VaultPeer> {
  const vault: VaultPeer = Object.assign(await httpPeer(json(404, { errors: [] })), { fields })
  vault.behave((request, response, socket) => {
    const answer = () => {
      if (request.path === '/v1/auth/approle/login')
        return request.body === JSON.stringify({ role_id: roleId, secret_id: secretId })
          ? json(200, { auth: { client_token: token, lease_duration: 3600, renewable: true } })
          : json(400, { errors: ['invalid role or secret id'] })
      if (request.headers['x-vault-token'] !== token) return json(403, { errors: ['permission denied'] })
      return request.path === '/v1/secret/data/keepr'
        ? json(200, { data: { data: vault.fields } })
        : json(404, { errors: [] })
    }
    answer()(request, response, socket)
  })
  return vault
}
