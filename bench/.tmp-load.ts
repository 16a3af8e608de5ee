import { readFileSync, readdirSync } from 'node:fs'
import { askOnce } from './child/ask-once.ts'
// usage: load.ts kind seconds conns rounds file... ; kinds: submit latest
const [, , kind, seconds, conns, rounds, ...files] = process.argv
const HZ = 100
const cpuOf = (pid: number) => {
  const all = readdirSync('/proc').filter((n) => /^\d+$/.test(n)).flatMap((n) => { try { const f = readFileSync(`/proc/${n}/stat`, 'utf8').replace(/^.*\) /s, '').split(' '); return [{ pid: +n, parent: +f[1]!, s: (f.slice(11, 15).reduce((a, b) => a + +b, 0)) / HZ }] } catch { return [] } })
  const sum = (p: number): number => (all.find((x) => x.pid === p)?.s ?? 0) + all.filter((x) => x.parent === p).reduce((a, x) => a + sum(x.pid), 0)
  return sum(pid)
}
const idle = () => { const f = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/).slice(1).map(Number); return { idle: (f[3]! + f[4]!) / HZ, all: f.reduce((a, b) => a + b, 0) / HZ } }
const sums: Record<string, any[]> = {}
for (let r = 0; r < +rounds!; r++) for (const file of r % 2 ? files.toReversed() : files) {
  const h = JSON.parse(readFileSync(file.replace(/:floor$/, ''), 'utf8'))
  const isFloor = file.endsWith(':floor')
  const url = isFloor ? h.floor : h.url
  const requests = kind === 'submit' ? { kind: 'submit', type: process.env['TYPE'] ?? 'prompt', prefix: `t${Date.now()}` } : { kind: 'get', paths: (process.env['PATHS'] ?? '').split(' ') }
  const before = Object.entries(h.pids).map(([n, p]) => [n, cpuOf(p as number)] as const); const i0 = idle()
  const res: any = await askOnce(new URL('./load/generate.ts', import.meta.url), { url, headers: isFloor ? { 'content-type': 'application/json' } : h.headers, connections: +conns!, seconds: +seconds!, requests } as any)
  const i1 = idle()
  const cpu = Object.fromEntries(before.map(([n, s]) => [n, +(((cpuOf(h.pids[n] as number) - s) * 1000) / res.answers).toFixed(3)]))
  const one = { rate: Math.round(res.perSecond), p50: res.p50Ms, ...cpu, busy: +(2 * (1 - (i1.idle - i0.idle) / (i1.all - i0.all))).toFixed(2) }
  ;(sums[file] ??= []).push(one)
  console.log(file, JSON.stringify(one))
}
for (const [f, list] of Object.entries(sums)) { const med = (k: string) => list.map((x) => x[k]).sort((a, b) => a - b)[Math.floor(list.length / 2)]; console.log('MEDIAN', f, JSON.stringify(Object.fromEntries(Object.keys(list[0]).map((k) => [k, med(k)])))) }
