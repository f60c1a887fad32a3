import { autonomyCodes } from './autonomy-codes.ts'
import { baseCodes } from './base-codes.ts'
import type { CodeTable } from './code-table.ts'
import { modelsMemoryAgentsCodes } from './models-memory-agents-codes.ts'
import { runCodes } from './run-codes.ts'
import { serverCodes } from './server-codes.ts'
import { storeCodes } from './store-codes.ts'
import { toolCodes } from './tool-codes.ts'

/**
 * Every code that an error of Reeve may have. A test holds that each has its line, and the reference of errors is made from
 * it: `npm run reference`.
 */
export const errorCodes: CodeTable = {
  ...baseCodes,
  ...storeCodes,
  ...runCodes,
  ...modelsMemoryAgentsCodes,
  ...toolCodes,
  ...serverCodes,
  ...autonomyCodes,
}
