import { describe, expect, test } from 'vitest'
import { parseRedisUrl } from './redis-url.ts'

const node = (host: string, port: number) => ({ host, port })

describe('where Redis is', () => {
  test('one server is left to the driver, with whatever its URL says', () => {
    for (const url of ['redis://cache', 'rediss://u:p%40@cache:6380/2', 'redis://[::1]:6379?family=6'])
      expect(parseRedisUrl(url)).toEqual({ kind: 'single', url })
  })

  test('Sentinels lead to a master by its name', () => {
    expect(parseRedisUrl('redis-sentinel://a:26379,b/3?name=keepr')).toEqual({
      kind: 'sentinel',
      sentinels: [node('a', 26_379), node('b', 26_379)],
      name: 'keepr',
      db: 3,
      login: {},
      sentinelLogin: {},
      tls: false,
    })
  })

  test('Sentinels and their master have logins of their own', () => {
    const url = 'rediss-sentinel://u:p%2Fw@s:5000/?name=m&sentinel_username=su&sentinel_password=s%26p'
    expect(parseRedisUrl(url)).toMatchObject({
      db: 0,
      login: { username: 'u', password: 'p/w' },
      sentinelLogin: { username: 'su', password: 's&p' },
      tls: true,
    })
  })

  test('a Cluster is known by some of its nodes', () => {
    expect(parseRedisUrl('rediss-cluster://:secret@a:7000,[fd00::1]:7001,c')).toEqual({
      kind: 'cluster',
      nodes: [node('a', 7000), node('fd00::1', 7001), node('c', 6379)],
      login: { password: 'secret' },
      tls: true,
    })
  })

  test.each([
    ['another scheme', 'http://cache'],
    ['no host', 'redis://'],
    ['Sentinels without the name of a master', 'redis-sentinel://a,b'],
    ['an empty host', 'redis-sentinel://a,,b?name=m'],
    ['a port that is none', 'redis-cluster://a:99999'],
    ['a misspelt parameter', 'redis-sentinel://a?name=m&sentinel_pasword=x'],
    ['a database of a Cluster, which has one', 'redis-cluster://a/2'],
    ['a stray percent sign', 'redis-cluster://u:%@a'],
    ['several hosts of a single server', 'redis://a:1,b:2'],
  ])('refuses %s', (_, url) => {
    expect(parseRedisUrl(url)).toBeUndefined()
  })
})
