import { describe, expect, test } from 'vitest'
import { Problem, problem, PROBLEMS } from './problem.ts'

describe('a problem', () => {
  test('answers with its type, title and status, a detail and the request id', () => {
    const thrown = problem('version-exists', { detail: 'Version 7 has been used.', version: '7' })
    expect(thrown).toBeInstanceOf(Problem)
    expect(thrown.toBody('r-1')).toEqual({
      type: 'urn:keepr:problem:version-exists',
      title: 'This version has been used already',
      status: 409,
      detail: 'Version 7 has been used.',
      request_id: 'r-1',
      version: '7',
    })
  })

  test('of one code reads the same each time, but for the request id', () => {
    const [one, other] = [problem('not-found').toBody('same'), problem('not-found').toBody('same')]
    expect(JSON.stringify(one)).toBe(JSON.stringify(other))
  })

  test('is not disguised by its extensions', () => {
    expect(problem('not-found', { status: 200, title: 'fine', type: 'about:blank' }).toBody('r')).toMatchObject({
      status: 404,
      type: 'urn:keepr:problem:not-found',
    })
  })
})

test('every code is a slug, and every status an error', () => {
  for (const [code, { status, title }] of Object.entries(PROBLEMS)) {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/u)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(title).toMatch(/^[A-Z].*[^.]$/u)
  }
})
