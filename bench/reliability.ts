import { rmSync } from 'node:fs'
import { type Cell, type Chains, openChains } from './reliability/chains.ts'
import { type BenchOptions, type BenchResult, goalOf, wholeNumber } from './runner/contract.ts'
import { createDataFolder } from './runner/machine.ts'
import { figure, table } from './runner/table.ts'

const lengths = [1, 2, 3, 5, 10]

interface Measured extends Cell {
  route: string
  steps: number
  share: number
  /** Wilson's interval, 95 %. */
  low: number
  high: number
  extraCallsPerStep: number
}

const titles: Record<string, string> = {
  raw: 'raw',
  healed: 'with healing',
  fallback: 'with healing and fallback',
}

/**
 * Chains of questions to a model that is right nine times in ten, each time independently, also when it mends. Wrong is
 * JSON that cannot be read or a value that does not fit the schema: mistakes that can be told. A wrong answer that fits
 * the schema is not in this bench: no reading can find it.
 *
 * `--chains 4000` for each cell; the cell of the goal has 10,000 at least.
 */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const count = options.quick ? 500 : wholeNumber(options, 'chains', 4000)
  const folder = createDataFolder()
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  let chains: Chains | undefined
  try {
    chains = await openChains(folder)
    const measured: Measured[] = []
    for (const route of Object.keys(titles)) {
      for (const steps of lengths) {
        const isGoal = route === 'fallback' && steps === lengths.at(-1)
        const cell = await chains.drive(route, steps, isGoal ? Math.max(count, 10_000) : count)
        measured.push({ route, steps, ...cell, ...summarise(cell, steps) })
      }
      process.stderr.write(`${titles[route]}: done\n`)
    }
    const goal = measured.at(-1)!
    const wrong = measured.reduce((sum, cell) => sum + cell.wrongAccepted, 0)
    return {
      goals: {
        tenStepsWithFallback: goalOf(goal.share, 0.999, 'share'),
        tenStepsWithFallbackLowerBound: goalOf(goal.low, 0.999, 'share'),
        wrongValuesAccepted: goalOf(wrong, 0, 'values', 'lower'),
      },
      raw: { measured },
      summary: summaryOf(measured),
    }
  } finally {
    await chains?.close()
    process.off('exit', remove)
    remove()
  }
}

function summarise({ chains, succeeded, calls, questions }: Cell, steps: number) {
  const share = succeeded / chains
  const z = 1.96
  const middle = share + z ** 2 / (2 * chains)
  const spread = z * Math.sqrt((share * (1 - share)) / chains + z ** 2 / (4 * chains ** 2))
  const scale = 1 + z ** 2 / chains
  if (questions > chains * steps) throw new Error('more questions were asked than the chains have')
  return {
    share,
    low: (middle - spread) / scale,
    high: Math.min(1, (middle + spread) / scale),
    extraCallsPerStep: calls / questions - 1,
  }
}

function summaryOf(measured: Measured[]): string {
  const percent = (share: number) => `${(share * 100).toFixed(2)} %`
  const rows = measured.map(
    ({ route, steps, chains, share, low, high, extraCallsPerStep, wrongAccepted }) => [
      titles[route]!,
      String(steps),
      figure(chains),
      route === 'raw' ? percent(0.9 ** steps) : '',
      percent(share),
      `${percent(low)} – ${percent(high)}`,
      extraCallsPerStep.toFixed(3),
      String(wrongAccepted),
    ],
  )
  return table(
    [
      'route',
      'steps',
      'chains',
      '0.9^steps',
      'succeeded',
      '95 % interval',
      'extra calls a step',
      'wrong accepted',
    ],
    rows,
  )
}
