import { setImmediate as endOfTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRoom } from './room.ts'

test('whoever does not fit waits until another leaves', async () => {
  const room = createRoom(10)
  const leave = await room.enter('a', 6)
  const entered: string[] = []
  const second = room.enter('a', 5).then((leaveIt) => {
    entered.push('second')
    return leaveIt
  })
  await endOfTurn()
  expect(entered).toEqual([])
  leave()
  await second
  expect(entered).toEqual(['second'])
})

test('what is larger than all of it has its turn alone, and nobody smaller overtakes it', async () => {
  const room = createRoom(10)
  const order: string[] = []
  const enter = (name: string, bytes: number) =>
    room.enter('a', bytes).then((leave) => {
      order.push(name)
      return leave
    })
  const leaveFirst = await enter('first', 1)
  const large = enter('large', 50)
  const small = enter('small', 1)
  await endOfTurn()
  expect(order).toEqual(['first'])
  leaveFirst()
  const leaveLarge = await large
  await endOfTurn()
  expect(order).toEqual(['first', 'large'])
  leaveLarge()
  await small
})

test('groups have it in turns', async () => {
  const room = createRoom(1)
  const order: string[] = []
  const leave = await room.enter('busy', 1)
  const waiting = ['busy', 'busy', 'busy', 'busy', 'calm'].map(async (group) => {
    const leaveIt = await room.enter(group, 1)
    order.push(group)
    leaveIt()
  })
  leave()
  await Promise.all(waiting)
  expect(order.indexOf('calm')).toBeLessThan(3)
})

test('who has waited for long enough is refused, and keeps no room', async () => {
  const room = createRoom(10, 20)
  const leave = await room.enter('a', 10)
  await expect(room.enter('a', 5)).rejects.toMatchObject({ code: 'overloaded', status: 503 })
  leave()
  ;(await room.enter('a', 10))()
})

test('no more is held than there is room for, and everybody has his turn', async () => {
  const body = fc.record({ group: fc.constantFrom('a', 'b', 'c'), bytes: fc.integer({ min: 1, max: 15 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(body, { maxLength: 30 }), async (bodies) => {
      const room = createRoom(10)
      let held: number[] = []
      await Promise.all(
        bodies.map(async ({ group, bytes }) => {
          const leave = await room.enter(group, bytes)
          held.push(bytes)
          const all = held.reduce((sum, each) => sum + each, 0)
          expect(all <= 10 || held.length === 1).toBe(true)
          await endOfTurn()
          held = held.toSpliced(held.indexOf(bytes), 1)
          leave()
        }),
      )
      expect(held).toEqual([])
    }),
  )
})
