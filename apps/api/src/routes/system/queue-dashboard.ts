import { Problem, problem } from '@keepr/shared/problem'
import type { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { getCookie, setCookie } from 'hono/cookie'
import { createMiddleware } from 'hono/factory'
import type { ApiEnv, Call } from '../../http/api.ts'
import { authenticate } from '../../http/authenticate.ts'
import { limitRate } from '../../http/limit-rate.ts'
import { requireGroupRight } from '../../http/require-group-right.ts'
import type { QueueDashboard } from '../../queue-dashboard.ts'
import { QUEUES_PATH } from '../../queues-path.ts'

const SIGN_IN_PATH = `${QUEUES_PATH}/sign-in`
const COOKIE = 'keepr_queues'

// What the page loads from elsewhere (a font) it does without.
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'"

const signInPage = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Keepr: queues</title></head>
<body style="font-family: sans-serif; margin: 4rem auto; max-width: 40rem">
<h1>Queues</h1>
<form method="post" action="${SIGN_IN_PATH}">
<p><label for="token">A token with the role <code>operator</code></label></p>
<p><textarea id="token" name="token" rows="6" style="width: 100%" required autocomplete="off"></textarea></p>
<p><button>Look</button></p>
</form></body></html>`

/**
 * The queue dashboard, for operators. A browser sends no Authorization field by itself, so a token that is entered here is
 * kept by it in a cookie for this path alone; it is verified at each request as any other.
 */
export function mountQueueDashboard(app: Hono<ApiEnv>, dashboard: QueueDashboard): void {
  app.post(SIGN_IN_PATH, smallBody, async (c) => {
    const { token } = await c.req.parseBody()
    const given = typeof token === 'string' ? token.trim() : ''
    await requireOperator(c, given)
    setCookie(c, COOKIE, given, {
      path: QUEUES_PATH,
      httpOnly: true,
      sameSite: 'Strict',
      secure: !isLoopback(new URL(c.req.url).hostname),
      maxAge: Math.max(Math.floor((c.get('tokenExpiresAt') - Date.now()) / 1000), 0),
    })
    return c.redirect(QUEUES_PATH, 303)
  })
  const guarded = [QUEUES_PATH, `${QUEUES_PATH}/*`]
  for (const path of guarded) app.use(path, guard(dashboard))
  app.route(QUEUES_PATH, dashboard.pages)
}

const guard = (dashboard: QueueDashboard) =>
  createMiddleware<ApiEnv>(async (c, next) => {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD')
      throw problem('method-not-allowed', { headers: { allow: 'GET, HEAD' } })
    const signsIn = c.req.header('authorization') === undefined
    try {
      await requireOperator(c, signsIn ? getCookie(c, COOKIE) : undefined)
    } catch (error) {
      if (!(signsIn && isPage(c) && error instanceof Problem && error.status === 401)) throw error
      return c.html(signInPage, 401, { 'content-security-policy': policy, 'cache-control': 'no-store' })
    }
    if (!dashboard.refresh()) throw problem('overloaded', { detail: 'The queue cannot be reached.', retry_after_s: 1 })
    await next()
    c.header('content-security-policy', policy)
    c.header('x-content-type-options', 'nosniff')
    c.header('cache-control', 'no-store')
  })

const smallBody = bodyLimit({
  maxSize: 16 * 1024,
  onError: () => {
    throw problem('payload-too-large')
  },
})

const isPage = (c: Call): boolean => c.req.header('accept')?.includes('text/html') === true

async function requireOperator(c: Call, token: string | undefined): Promise<void> {
  await authenticate(c, token)
  await limitRate(c)
  requireGroupRight(c, 'watch_queues')
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || host.startsWith('127.')
