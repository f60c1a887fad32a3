import type { ScaleSpec } from './contract.ts'
import { curves } from './curves.ts'

const { curve, size, dataFolder } = JSON.parse(process.argv[2] ?? '') as ScaleSpec
process.stdout.write(`${JSON.stringify(await curves[curve]!(size, dataFolder))}\n`)
process.exit(0)
