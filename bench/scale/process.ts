import type { Place, ScaleSpec } from './contract.ts'
import { curves } from './curves.ts'
import { serverPidAt } from './server-pid.ts'
import { soak } from './soak.ts'

const { curve, size, ...where } = JSON.parse(process.argv[2] ?? '') as ScaleSpec
const serverPid = await serverPidAt(where.databaseUrl)
const place: Place = { ...where, ...(serverPid === undefined ? {} : { serverPid }) }
const report = await (curve === 'soak' ? soak(size, place) : curves[curve]!.measure(size, place))
process.stdout.write(`${JSON.stringify(report)}\n`)
process.exit(0)
