// Tree of thoughts: branches are scored, bad ones pruned, dead ends left for the best branch before them.
import { workflow } from 'reeve'
import { treeOfThoughts } from 'reeve/patterns'
import { runInMemory } from 'reeve/testing'
import { z } from 'zod'

/** What a path of moves such as "+5" or "*2" comes to, starting from 1. */
const sumOf = (path: string[]) =>
  path.reduce(
    (value, move) => (move[0] === '+' ? value + Number(move.slice(1)) : value * Number(move.slice(1))),
    1,
  )

const reach = workflow({
  name: 'reach',
  input: z.object({ target: z.number(), moves: z.array(z.string()) }),
  run: (ctx, { target, moves }) =>
    treeOfThoughts(ctx, 'reach', {
      problem: { target, moves },
      // A model may do both; here code does, so that the search itself can be seen.
      propose: ({ path }) => (sumOf(path) < target ? moves : []),
      score: ({ path }) => Math.max(0, 1 - Math.abs(target - sumOf(path)) / target),
      isSolved: (_path, score) => score === 1,
      branches: 3,
      depth: 5,
      pruneBelow: 0.05,
      thoughts: 60,
    }),
})

const { result } = await runInMemory(reach, { target: 24, moves: ['*3', '+5', '*2'] })
console.log(JSON.stringify(result, null, 1))
