import { expect, test } from 'vitest'
import { makeBodies } from './bodies.ts'

test('bodies are as long as asked, differ, and lose nothing to trimming', () => {
  for (const characters of [1, 2, 45, 100, 5000]) {
    const bodies = makeBodies(characters)
    expect(bodies.map((body) => body.trim().length)).toEqual(bodies.map(() => characters))
    if (characters >= 45) expect(new Set(bodies).size).toBe(bodies.length)
  }
})
