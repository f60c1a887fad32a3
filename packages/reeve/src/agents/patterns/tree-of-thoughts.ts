import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { type Bounds, checkCounts, startBounds } from './parts/bounds.ts'
import { type Asking, askFor, type Doer, isAsking, type PatternContext, perform } from './parts/doer.ts'
import { note } from './parts/note.ts'

/** For `treeOfThoughts`. */
export interface TreeOptions extends Bounds {
  /** What is to be solved: data, never instructions. */
  problem: Json
  /** Next thoughts after a path; none when it leads nowhere. */
  propose: Asking | Doer<{ problem: Json; path: string[] }, string[]>
  /** How promising a path is, 0 to 1. */
  score: Asking | Doer<{ problem: Json; path: string[] }, number>
  /** Whether a path solves the problem. Default: its score is 0.95 or more. Must be deterministic. */
  isSolved?: (path: string[], score: number) => boolean
  /** Thoughts tried after each path. Default 3. */
  branches?: number
  /** The longest path. Default 4. */
  depth?: number
  /** Paths that score less are not followed. Default 0.3. */
  pruneBelow?: number
  /** Thoughts scored at most, over the whole tree. Default 24. */
  thoughts?: number
}

/** What `treeOfThoughts` came to. */
export interface Searched {
  /** The path that solves the problem, or else the most promising one. */
  path: string[]
  score: number
  solved: boolean
  stopped: 'solved' | 'exhausted' | 'thoughts' | 'cost' | 'time'
  scored: number
  pruned: number
  /** Times that the search left a branch and went on from an earlier one. */
  backtracks: number
}

interface Node {
  id: number
  parent: number
  path: string[]
  score: number
}

/**
 * Tree of thoughts: the most promising path is followed first; paths below the bar are pruned; where a branch ends, the
 * search goes back to the best one left.
 * Yao and others, "Tree of Thoughts: Deliberate Problem Solving with Large Language Models", 2023; best-first here.
 * @throws `bad-score`
 * @example
 * const { path, solved } = await treeOfThoughts(ctx, 'find the cause', {
 *   problem: ticket,
 *   propose: { route: 'thinking' },
 *   score: { route: 'judging' },
 *   depth: 3,
 * })
 */
export async function treeOfThoughts(
  ctx: PatternContext,
  name: string,
  options: TreeOptions,
): Promise<Searched> {
  const { branches = 3, depth = 4, pruneBelow = 0.3, thoughts = 24 } = options
  checkCounts(`tree "${name}"`, { branches, depth, thoughts })
  const isSolved = options.isSolved ?? ((_path, score) => score >= 0.95)
  const bound = startBounds(ctx, options)
  const root: Node = { id: 0, parent: -1, path: [], score: 0 }
  const frontier = [root]
  let best = root
  let last = root
  let next = 1
  const counts = { scored: 0, pruned: 0, backtracks: 0 }
  const end = (stopped: Searched['stopped']): Searched => {
    const { path, score } = best
    note(ctx, 'tree-ended', {
      message: `tree "${name}" ended: ${stopped}`,
      name,
      stopped,
      score,
      path,
      ...counts,
    })
    return { path, score, solved: stopped === 'solved', stopped, ...counts }
  }
  for (;;) {
    const node = takeBest(frontier)
    if (!node) return end('exhausted')
    const reached = counts.scored >= thoughts ? 'thoughts' : bound()?.why
    if (reached) return end(reached)
    if (node !== root && node.parent !== last.id) {
      counts.backtracks++
      const to = node.path
      note(ctx, 'tree-backtracked', { message: `tree "${name}" goes back`, name, from: last.path, to })
    }
    last = node
    const room = Math.min(branches, thoughts - counts.scored)
    const children = await grow(ctx, name, options, node, room)
    for (const { path, score } of children) {
      counts.scored++
      const child: Node = { id: next++, parent: node.id, path, score }
      if (score > best.score || best === root) best = child
      if (isSolved(path, score)) {
        best = child
        return end('solved')
      }
      if (score < pruneBelow) {
        counts.pruned++
        note(ctx, 'tree-pruned', { message: `tree "${name}" prunes a branch`, name, path, score })
      } else if (path.length < depth) frontier.push(child)
    }
  }
}

/** The highest score; among equals the longer path, then the earlier one. */
function takeBest(frontier: Node[]): Node | undefined {
  let chosen = -1
  for (const [index, { score, path }] of frontier.entries()) {
    const known = frontier[chosen]
    if (!known || score > known.score || (score === known.score && path.length > known.path.length))
      chosen = index
  }
  return chosen < 0 ? undefined : frontier.splice(chosen, 1)[0]
}

async function grow(
  ctx: PatternContext,
  name: string,
  options: TreeOptions,
  { id, path }: Node,
  room: number,
): Promise<{ path: string[]; score: number }[]> {
  const { problem, propose, score } = options
  const proposed = isAsking(propose)
    ? await askThoughts(ctx, `${name} thoughts ${id}`, propose, { problem, path }, room)
    : await perform(ctx, propose, { problem, path })
  const paths = [...new Set(proposed)].slice(0, room).map((thought) => [...path, thought])
  return ctx.all(
    paths.map((child, index) => async () => {
      const given = isAsking(score)
        ? await askScore(ctx, `${name} score ${id}.${index + 1}`, score, { problem, path: child })
        : await perform(ctx, score, { problem, path: child })
      if (given >= 0 && given <= 1) return { path: child, score: given }
      throw new ReeveError('bad-score', `A thought of "${name}" was scored ${given}; a score is from 0 to 1.`)
    }),
  )
}

async function askThoughts(
  ctx: PatternContext,
  name: string,
  asking: Asking,
  from: { problem: Json; path: string[] },
  most: number,
): Promise<string[]> {
  const asked = await askFor(ctx, asking, {
    name,
    schema: z.object({ thoughts: z.array(z.string().min(1)).max(most) }),
    from,
    instructions: `Propose at most ${most} different next thoughts that go on from the path towards a solution. None, if it leads nowhere.`,
  })
  return asked.thoughts
}

async function askScore(
  ctx: PatternContext,
  name: string,
  asking: Asking,
  from: { problem: Json; path: string[] },
): Promise<number> {
  const asked = await askFor(ctx, asking, {
    name,
    schema: z.object({ score: z.number().min(0).max(1) }),
    from,
    instructions: 'Score from 0 to 1 how likely this path leads to a solution; 1 means that it is one.',
  })
  return asked.score
}
