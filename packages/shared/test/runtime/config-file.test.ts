import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import * as v from 'valibot'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { openConfigFile } from '../../src/runtime/config-file.ts'
import { parseConfig, WrongConfig } from '../../src/runtime/parse-config.ts'
import { aFolder } from './a-folder.ts'

const Schema = v.strictObject({
  types: v.record(
    v.string(),
    v.strictObject({
      requires_validation: v.boolean('true or false'),
      validator: v.optional(v.strictObject({ url: v.string(), attempts: v.optional(v.number()) })),
      tags: v.optional(v.array(v.picklist(['a', 'b'], 'a or b'))),
    }),
  ),
})

const offencesIn = (text: string): readonly string[] => {
  try {
    parseConfig('types.yaml', text, Schema)
  } catch (error) {
    if (error instanceof WrongConfig) return error.offences
    throw error
  }
  return []
}

test('a file that is not there is named, and where its folder is set', async () => {
  const opening = openConfigFile('/nowhere/types.yaml', Schema, { pollMs: 1000, log: pino({ enabled: false }) })
  await expect(opening).rejects.toThrow(WrongConfig)
  await expect(opening).rejects.toThrow(/^\/nowhere\/types\.yaml: expected a file .*KEEPR_CONFIG_DIR.*ENOENT/)
})

describe('a mistake is named with its place and what was expected', () => {
  test.each([
    [
      'a wrong value',
      'types:\n  prompt:\n    requires_validation: maybe\n',
      ['types.yaml:3:26: expected true or false (types.prompt.requires_validation)'],
    ],
    [
      'an unknown key',
      'types:\n  prompt:\n    requires_validation: true\n    requires: 1\n',
      ['types.yaml:4:5: expected no such key (types.prompt.requires)'],
    ],
    [
      'a missing key',
      'types:\n  prompt: {}\n',
      ['types.yaml:2:3: expected a value for types.prompt.requires_validation, but it is missing'],
    ],
    [
      'a missing key below',
      'types:\n  x:\n    requires_validation: true\n    validator:\n      attempts: 1\n',
      ['types.yaml:4:5: expected a value for types.x.validator.url, but it is missing'],
    ],
    ['a wrong kind', 'types: [1]\n', ['types.yaml:1:8: expected a map (types.0)']],
    [
      'an item of a list',
      'types:\n  x:\n    requires_validation: true\n    tags: [a, c]\n',
      ['types.yaml:4:15: expected a or b (types.x.tags.1)'],
    ],
    [
      'an alias without an anchor',
      'types:\n  x: &x\n    requires_validation: true\n  y: *x\n  z: *nowhere\n',
      [expect.stringMatching(/^types\.yaml:5:6: expected valid YAML, but: .*nowhere/u)],
    ],
    [
      'aliases that make much of little',
      `types: ${'abcd'.split('').reduce((inner, name) => `[&${name} ${inner}${`,*${name}`.repeat(9)}]`, '1')}\n`,
      [expect.stringMatching(/^types\.yaml:1:\d+: expected valid YAML, but: /u)],
    ],
    ['an empty file', '', ['types.yaml:1:1: expected a YAML document, but the file is empty']],
  ])('%s', (_, text, offences) => expect(offencesIn(text)).toEqual(offences))

  test('a key given twice, and other mistakes with it', () => {
    const offences = offencesIn('types:\n  x:\n    requires_validation: 1\n  x:\n    requires_validation: 2\n')
    expect(offences[0]).toMatch(/^types\.yaml:4:3: .*unique/)
    expect(offences.at(-1)).toMatch(/expected true or false/)
  })

  test('broken syntax', () =>
    expect(offencesIn('types:\n  x: [1\n')[0]).toMatch(/^types\.yaml:\d+:\d+: expected valid YAML/))

  test('all mistakes at once', () => {
    expect(
      offencesIn('types:\n  a:\n    requires_validation: 1\n  b:\n    requires_validation: 2\nother: 1\n'),
    ).toHaveLength(3)
  })
})

describe('a file that is followed', () => {
  const valid = (value: boolean) => `types:\n  prompt:\n    requires_validation: ${value}\n`
  const opened = async (file: string) => {
    const lines: string[] = []
    const log = pino({}, { write: (line: string) => void lines.push(line) })
    const config = await openConfigFile(file, Schema, { pollMs: 10, log })
    onTestFinished(() => config.close())
    return { config, lines, required: () => config.current().types['prompt']?.requires_validation }
  }

  test('does not start with a mistake', async () => {
    const file = join(await aFolder(), 'types.yaml')
    await writeFile(file, 'types: 1\n')
    await expect(opened(file)).rejects.toBeInstanceOf(WrongConfig)
  })

  test('is reloaded when it changes, and keeps the last good content when the change is wrong', async () => {
    const file = join(await aFolder(), 'types.yaml')
    await writeFile(file, valid(true))
    const { config, lines, required } = await opened(file)
    const heard: unknown[] = []
    config.onChange((changed) => void heard.push(changed))
    await writeFile(file, valid(false))
    await vi.waitFor(() => expect(required()).toBe(false))
    expect(heard).toHaveLength(1)
    await writeFile(file, 'types: nonsense\n')
    await vi.waitFor(() => expect(lines.join('')).toContain('refused'))
    await rm(file)
    await vi.waitFor(() => expect(lines.join('')).toContain('cannot be read'))
    expect(required()).toBe(false)
    expect(lines).toHaveLength(3)
    await writeFile(file, valid(true))
    await vi.waitFor(() => expect(required()).toBe(true))
  })

  test('is reloaded when Kubernetes swaps the folder behind it', async () => {
    const folder = await aFolder()
    for (const [version, value] of [
      ['v1', true],
      ['v2', false],
    ] as const) {
      await mkdir(join(folder, version))
      await writeFile(join(folder, version, 'types.yaml'), valid(value))
    }
    await symlink('v1', join(folder, '..data'))
    await symlink('..data/types.yaml', join(folder, 'types.yaml'))
    const { required } = await opened(join(folder, 'types.yaml'))
    await symlink('v2', join(folder, '..next'))
    await rename(join(folder, '..next'), join(folder, '..data'))
    await vi.waitFor(() => expect(required()).toBe(false))
  })
})
