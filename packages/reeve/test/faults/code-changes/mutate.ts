import type { EffectClass } from '../../../src/store/journal/vocabulary/effect-class.ts'
import type { Code, Drawing, Leaf, Part } from './program.ts'

/** A change of code, by what a programmer would call it. */
export interface Change {
  name: string
  code: Code
  /** The old code stays beside the new one, under its own version. */
  keepsOld: boolean
}

type Edit = (parts: Part[], drawing: Drawing) => void

const classes: EffectClass[] = ['read', 'idempotent', 'verifiable', 'once']

/** Each changes a list of parts in place. One that finds nothing to change leaves it as it is. */
const edits: Record<string, Edit> = {
  'a part added': (parts, drawing) => {
    parts.splice(drawing.below(parts.length + 1), 0, drawing.part(1))
  },
  'a part removed': (parts, drawing) => {
    parts.splice(drawing.below(parts.length), 1)
  },
  'two parts exchanged': (parts, drawing) => {
    const [left, right] = [drawing.below(parts.length), drawing.below(parts.length)]
    const part = parts[left]!
    parts[left] = parts[right]!
    parts[right] = part
  },
  'a call renamed': edited((leaf, drawing) => {
    if ('name' in leaf) leaf.name = drawing.name()
    else leaf.ms += 1
  }),
  'arguments changed': edited((leaf, drawing) => {
    if (leaf.do === 'effect') leaf.amount += 1 + drawing.below(9)
    else if (leaf.do === 'approve') leaf.shown += 1
    else if (leaf.do === 'sleep') leaf.ms *= 2
  }),
  'a body changed': edited((leaf) => {
    if (leaf.do === 'step') leaf.value += 1
  }),
  'a timeout changed': edited((leaf) => {
    if (leaf.do === 'wait') leaf.timeoutMs = leaf.timeoutMs === null ? 1000 : null
  }),
  'another effect class': edited((leaf, drawing) => {
    if (leaf.do === 'effect') leaf.effect = drawing.pick(classes)
  }),
  'a branch flipped': (parts) => {
    for (const part of parts) if (part.do === 'branch') [part.odd, part.even] = [part.even, part.odd]
  },
  'parallel made serial': (parts) => {
    const at = parts.findIndex((part) => part.do === 'all')
    if (at >= 0) parts.splice(at, 1, ...(parts[at] as { parts: Leaf[] }).parts)
  },
  'serial made parallel': (parts, drawing) => {
    const at = drawing.below(parts.length)
    const leaves = parts.slice(at, at + 2).filter((part) => isLeaf(part))
    if (leaves.length === 2) parts.splice(at, 2, { do: 'all', parts: leaves })
  },
  'all made race': (parts) => {
    for (const part of parts) if (part.do === 'all') part.do = 'race'
  },
  'a marked part added': (parts, drawing) => {
    const marked: Part = { do: 'marked', id: drawing.name(), parts: drawing.parts(1 + drawing.below(2), 0) }
    parts.splice(drawing.below(parts.length + 1), 0, marked)
  },
}

/** Whole-code changes. */
const names = [
  ...Object.keys(edits),
  'input narrowed',
  'retries changed',
  'a new version',
  'a version replaced',
]

/** The code after one to three edits. */
export function change(old: Code, drawing: Drawing): Change {
  const code: Code = { ...structuredClone(old), tag: 'new' }
  const made: string[] = []
  let keepsOld = false
  for (let left = 1 + drawing.below(drawing.chance(0.3) ? 3 : 1); left > 0; left--) {
    const name = drawing.pick(names)
    made.push(name)
    if (name in edits) {
      if (code.parts.length > 0) edits[name]!(code.parts, drawing)
    } else if (name === 'input narrowed') code.smallestInput = 2
    else if (name === 'retries changed') code.attempts += 1 + drawing.below(3)
    else {
      code.version = '2'
      keepsOld = name === 'a new version'
    }
  }
  return { name: made.join(', '), code, keepsOld }
}

/** An edit of one leaf, wherever it stands. */
function edited(edit: (leaf: Leaf, drawing: Drawing) => void): Edit {
  return (parts, drawing) => {
    const leaves = leavesOf(parts)
    if (leaves.length > 0) edit(drawing.pick(leaves), drawing)
  }
}

function leavesOf(parts: Part[]): Leaf[] {
  return parts.flatMap((part): Leaf[] => {
    if (isLeaf(part)) return [part]
    if (part.do === 'branch') return leavesOf([...part.odd, ...part.even])
    return 'parts' in part ? leavesOf(part.parts) : []
  })
}

function isLeaf(part: Part): part is Leaf {
  return !['child', 'log', 'all', 'race', 'branch', 'marked'].includes(part.do)
}
