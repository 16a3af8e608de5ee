import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/** A page in a headless Chromium, spoken to by its own protocol (CDP): no driver to install. */
export type Page = AsyncDisposable & {
  /** What the page wrote to its console as an error, threw, or could not load. */
  errors: string[]
  open(url: string): Promise<void>
  /** The value of an expression in the page; a promise is awaited. */
  evaluate(expression: string): Promise<unknown>
}

type Message = {
  id?: number
  method?: string
  params?: Record<string, never>
  result?: unknown
  error?: { message: string }
}

/** The browser of this machine, or undefined where it has none. */
export const chromium = (): string | undefined =>
  ['chromium', 'chromium-browser', 'google-chrome']
    .flatMap((name) => (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name)))
    .find((path) => existsSync(path))

/** Starts a browser with one empty page. */
export async function openPage(executable: string): Promise<Page> {
  const profile = mkdtempSync(join(tmpdir(), 'keepr-browser-'))
  const child = spawn(
    executable,
    ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--remote-debugging-port=0',
      `--user-data-dir=${profile}`, 'about:blank'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  ) // prettier-ignore
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const { port } = new URL(await debuggerUrl(child))
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    type: string
    webSocketDebuggerUrl: string
  }[]
  const target = targets.find(({ type }) => type === 'page')
  if (!target) throw new Error('the browser has no page')
  const socket = new WebSocket(target.webSocketDebuggerUrl)
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })

  const waiting = new Map<number, (message: Message) => void>()
  const errors: string[] = []
  let loaded: (() => void) | undefined
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message
    if (message.id !== undefined) waiting.get(message.id)?.(message)
    if (message.method === 'Page.loadEventFired') loaded?.()
    const isError = message.method === 'Runtime.exceptionThrown' || message.method === 'Network.loadingFailed'
    const isErrorLine =
      (message.method === 'Log.entryAdded' || message.method === 'Runtime.consoleAPICalled') &&
      /"(level|type)":"error"/u.test(JSON.stringify(message.params))
    if (isError || isErrorLine) errors.push(JSON.stringify(message.params))
  })
  let last = 0
  const call = async (method: string, params: object = {}): Promise<unknown> => {
    const id = ++last
    const answer = new Promise<Message>((resolve) => waiting.set(id, resolve))
    socket.send(JSON.stringify({ id, method, params }))
    const { result, error } = await answer
    waiting.delete(id)
    if (error) throw new Error(`${method}: ${error.message}`)
    return result
  }
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await call(`${domain}.enable`)

  return {
    errors,
    async open(url) {
      const done = new Promise<void>((resolve) => (loaded = resolve))
      await call('Page.navigate', { url })
      await done
    },
    async evaluate(expression) {
      const answer = (await call('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })) as {
        result: { value?: unknown }
        exceptionDetails?: object
      }
      if (answer.exceptionDetails) throw new Error(`in the page: ${JSON.stringify(answer.exceptionDetails)}`)
      return answer.result.value
    },
    async [Symbol.asyncDispose]() {
      socket.close()
      child.kill('SIGKILL')
      await ended
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
}

/** Chromium says where it listens. */
function debuggerUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.once('exit', (code) => reject(new Error(`the browser ended with ${code}: ${said}`)))
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const [, url] = /DevTools listening on (\S+)/u.exec(said) ?? []
      if (url !== undefined) resolve(url)
    })
  })
}
