import type { Curve } from './contract.ts'
import { crews } from './curves/crews.ts'
import { journals } from './curves/journals.ts'
import { loads } from './curves/loads.ts'
import { queues } from './curves/queues.ts'
import { upkeep } from './curves/upkeep.ts'
import { waits } from './curves/waits.ts'

export const curves: Record<string, Curve> = {
  ...queues,
  ...journals,
  ...waits,
  ...loads,
  ...upkeep,
  ...crews,
}
