import { eachWord, normalize } from '../../../text/normalize.ts'

const runLength = 7

/**
 * Words in a row that a text shares with an untrusted one but with none of the trusted ones: the first run of seven,
 * in its normalised form. Instructions hidden in a message show up like this when a model has repeated them.
 */
export function repeatedRun(text: string, untrusted: string, trusted: string[]): string | undefined {
  const asked = wordsOf(untrusted)
  if (asked.hashes.length < runLength) return
  const draft = wordsOf(text)
  const askedRuns = new Set(runHashes(asked.hashes))
  let trustedRuns: Set<number> | undefined
  const runs = runHashes(draft.hashes)
  for (let at = 0; at < runs.length; at++) {
    if (!askedRuns.has(runs[at]!)) continue
    trustedRuns ??= new Set(trusted.flatMap((source) => runHashes(wordsOf(source).hashes)))
    if (trustedRuns.has(runs[at]!)) continue
    return draft.clean.slice(draft.bounds[at]![0], draft.bounds[at + runLength - 1]![1])
  }
  return
}

interface Words {
  clean: string
  bounds: [start: number, end: number][]
  hashes: number[]
}

function wordsOf(text: string): Words {
  const clean = normalize(text)
  const bounds: Words['bounds'] = []
  const hashes: number[] = []
  eachWord(clean, (start, end) => {
    let hash = 0x811c9dc5
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ clean.charCodeAt(at), 0x01000193)
    bounds.push([start, end])
    hashes.push(hash)
  })
  return { clean, bounds, hashes }
}

/** One number for each run of seven words, beginning at each word that has six after it. */
function runHashes(hashes: number[]): number[] {
  const runs: number[] = []
  for (let at = 0; at + runLength <= hashes.length; at++) {
    let run = 0
    for (let next = at; next < at + runLength; next++)
      run = (Math.imul(run, 0x5bd1e995) ^ hashes[next]!) + (run >>> 13)
    runs.push(run | 0)
  }
  return runs
}
